"""What the toolchains of Node.js share: packages, the driver's process, TypeScript."""
