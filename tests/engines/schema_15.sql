create schema v15; create table v15.t (a int, b int, c text, unique nulls not distinct (a), primary key (a, b));
create view v15.mine with (security_invoker = true) as select a from v15.t;
create table v15.r (a int, b int, foreign key (a, b) references v15.t on delete set null (b));
create unlogged sequence v15.fast; create publication part for table v15.t (a, b) where (a > 1);
create publication whole for tables in schema v15; grant set on parameter work_mem to pg_monitor;
create table v15.scaled (n numeric(3, -2));
