create schema v18; create extension if not exists btree_gist;
create table v18.t (a int, b int generated always as (a * 2) virtual, c int not null no inherit, d int, e int constraint mine not null,
  constraint soft check (a > 0) not enforced);
create table v18.kid (f int) inherits (v18.t);
alter table v18.t add constraint later not null d not valid;
create table v18.a_very_long_table_name_that_will_be_cut_by_the_engine_xx (a_very_long_column_name_to_cut int not null);
create table v18.room (id int, during daterange, constraint room_pk primary key (id, during without overlaps));
create table v18.booking (id int, room int, during daterange, foreign key (room, period during) references v18.room (id, period during));
create table v18.p (id int generated always as identity, k int not null) partition by range (k);
create table v18.p1 partition of v18.p for values from (0) to (10); create table v18.p2 (k int not null, id int not null);
alter table v18.p attach partition v18.p2 for values from (10) to (20);
create table v18.t2 (id int primary key); alter table v18.t add constraint fk foreign key (a) references v18.t2 (id) not enforced;
create unique index on v18.t (a) nulls not distinct;
