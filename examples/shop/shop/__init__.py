"""A small web shop: customers, a catalogue of products, orders, payments and shipments."""
