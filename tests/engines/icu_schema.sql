create schema icu;
create collation icu.coll (provider = icu, locale = 'de-u-co-phonebk', deterministic = false);
create table icu.t (a text collate icu.coll, b text);
create index on icu.t (b collate icu.coll);
