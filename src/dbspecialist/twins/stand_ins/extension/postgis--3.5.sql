-- Types that hold any text and count their modifiers, the operators and index classes that
-- schemas name, and the functions that are most used. Nothing is computed: a function returns its
-- first argument where the type allows it, and else zero, false or an empty text.

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['geometry', 'geography', 'box2d', 'box3d'] LOOP
    EXECUTE format($sql$
      CREATE TYPE %1$I;
      CREATE FUNCTION %2$I(cstring) RETURNS %1$I
        LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textin';
      CREATE FUNCTION %3$I(%1$I) RETURNS cstring
        LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'textout';
      CREATE FUNCTION %4$I(cstring[]) RETURNS integer
        LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'array_cardinality';
      CREATE FUNCTION %5$I(integer) RETURNS cstring
        LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'varchartypmodout';
      CREATE TYPE %1$I (INPUT = %2$I, OUTPUT = %3$I, TYPMOD_IN = %4$I, TYPMOD_OUT = %5$I,
        ALIGNMENT = double, STORAGE = main, DELIMITER = ':')
    $sql$, name, name || '_in', name || '_out', name || '_typmod_in', name || '_typmod_out');
  END LOOP;
END $$;

CREATE CAST (geometry AS geography) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (geography AS geometry) WITHOUT FUNCTION;
CREATE CAST (geometry AS text) WITH INOUT AS IMPLICIT;
CREATE CAST (text AS geometry) WITH INOUT AS IMPLICIT;
CREATE CAST (geometry AS box2d) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (geometry AS box3d) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (box3d AS geometry) WITHOUT FUNCTION AS IMPLICIT;

-- One B-tree class by bytes and one GiST class by trigrams for each type.
CREATE TYPE spatial_key;
CREATE FUNCTION spatial_key_in(cstring) RETURNS spatial_key
  LANGUAGE c IMMUTABLE STRICT AS '$libdir/pg_trgm', 'gtrgm_in';
CREATE FUNCTION spatial_key_out(spatial_key) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT AS '$libdir/pg_trgm', 'gtrgm_out';
CREATE TYPE spatial_key (INPUT = spatial_key_in, OUTPUT = spatial_key_out);
CREATE FUNCTION spatial_compress(internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT AS '$libdir/pg_trgm', 'gtrgm_compress';
CREATE FUNCTION spatial_decompress(internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT AS '$libdir/pg_trgm', 'gtrgm_decompress';
CREATE FUNCTION spatial_penalty(internal, internal, internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT AS '$libdir/pg_trgm', 'gtrgm_penalty';
CREATE FUNCTION spatial_picksplit(internal, internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT AS '$libdir/pg_trgm', 'gtrgm_picksplit';
CREATE FUNCTION spatial_union(internal, internal) RETURNS spatial_key
  LANGUAGE c IMMUTABLE STRICT AS '$libdir/pg_trgm', 'gtrgm_union';
CREATE FUNCTION spatial_same(spatial_key, spatial_key, internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT AS '$libdir/pg_trgm', 'gtrgm_same';

DO $$
DECLARE
  name text;
  pair text[];
BEGIN
  FOREACH name IN ARRAY ARRAY['geometry', 'geography'] LOOP
    FOREACH pair SLICE 1 IN ARRAY ARRAY[['<', 'lt'], ['<=', 'le'], ['=', 'eq'], ['>=', 'ge'],
                                        ['>', 'gt']] LOOP
      EXECUTE format($sql$
        CREATE FUNCTION %2$I(%1$I, %1$I) RETURNS boolean
          LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'bytea%3$s';
        CREATE OPERATOR %4$s (LEFTARG = %1$I, RIGHTARG = %1$I, FUNCTION = %2$I,
          RESTRICT = contsel, JOIN = contjoinsel)
      $sql$, name, name || '_' || pair[2], pair[2], pair[1]);
    END LOOP;
    FOREACH pair SLICE 1 IN ARRAY ARRAY[['&&', 'overlaps'], ['@', 'within'], ['~', 'contains'],
                                        ['~=', 'same'], ['<<', 'left'], ['>>', 'right'],
                                        ['&&&', 'overlaps_nd']] LOOP
      EXECUTE format($sql$
        CREATE FUNCTION %2$I(%1$I, %1$I) RETURNS boolean
          LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteaeq';
        CREATE OPERATOR %3$s (LEFTARG = %1$I, RIGHTARG = %1$I, FUNCTION = %2$I,
          RESTRICT = contsel, JOIN = contjoinsel)
      $sql$, name, name || '_' || pair[2], pair[1]);
    END LOOP;
    EXECUTE format($sql$
      CREATE FUNCTION %2$I(%1$I, %1$I) RETURNS double precision
        LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS 'BEGIN RETURN 0; END';
      CREATE OPERATOR <-> (LEFTARG = %1$I, RIGHTARG = %1$I, FUNCTION = %2$I);
      CREATE FUNCTION %3$I(%1$I, %1$I) RETURNS integer
        LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteacmp';
      CREATE OPERATOR CLASS %4$I DEFAULT FOR TYPE %1$I USING btree AS
        OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
        FUNCTION 1 %3$I(%1$I, %1$I);
      CREATE FUNCTION %5$I(internal, %1$I, smallint, oid, internal) RETURNS boolean
        LANGUAGE c IMMUTABLE STRICT AS '$libdir/pg_trgm', 'gtrgm_consistent';
      CREATE OPERATOR CLASS %6$I DEFAULT FOR TYPE %1$I USING gist AS
        OPERATOR 11 &&, STORAGE spatial_key,
        FUNCTION 1 %5$I(internal, %1$I, smallint, oid, internal),
        FUNCTION 2 spatial_union(internal, internal),
        FUNCTION 3 spatial_compress(internal),
        FUNCTION 4 spatial_decompress(internal),
        FUNCTION 5 spatial_penalty(internal, internal, internal),
        FUNCTION 6 spatial_picksplit(internal, internal),
        FUNCTION 7 spatial_same(spatial_key, spatial_key, internal)
    $sql$, name, name || '_distance', name || '_cmp', 'btree_' || name || '_ops',
         'gist_' || name || '_consistent',
         CASE name WHEN 'geometry' THEN 'gist_geometry_ops_2d' ELSE 'gist_geography_ops' END);
  END LOOP;
END $$;

DO $$
DECLARE
  line text;
  part text[];
BEGIN
  FOREACH line IN ARRAY string_to_array($list$
st_point|double precision, double precision|geometry
st_point|double precision, double precision, integer|geometry
st_makepoint|double precision, double precision|geometry
st_makepoint|double precision, double precision, double precision|geometry
st_makeline|geometry, geometry|geometry
st_makepolygon|geometry|geometry
st_makeenvelope|double precision, double precision, double precision, double precision, integer|geometry
st_makevalid|geometry|geometry
st_setsrid|geometry, integer|geometry
st_setsrid|geography, integer|geography
st_transform|geometry, integer|geometry
st_geomfromtext|text|geometry
st_geomfromtext|text, integer|geometry
st_geometryfromtext|text|geometry
st_geometryfromtext|text, integer|geometry
st_geomfromewkt|text|geometry
st_geomfromgeojson|text|geometry
st_geomfromgeojson|jsonb|geometry
st_geomfromwkb|bytea|geometry
st_geomfromwkb|bytea, integer|geometry
st_pointfromtext|text, integer|geometry
st_geogfromtext|text|geography
st_geographyfromtext|text|geography
st_astext|geometry|text
st_astext|geography|text
st_asewkt|geometry|text
st_asgeojson|geometry|text
st_asgeojson|geometry, integer|text
st_asgeojson|geography|text
st_asbinary|geometry|bytea
st_asewkb|geometry|bytea
st_x|geometry|double precision
st_y|geometry|double precision
st_z|geometry|double precision
st_xmin|box3d|double precision
st_xmax|box3d|double precision
st_ymin|box3d|double precision
st_ymax|box3d|double precision
st_srid|geometry|integer
st_srid|geography|integer
st_npoints|geometry|integer
st_numgeometries|geometry|integer
st_geometryn|geometry, integer|geometry
st_geometrytype|geometry|text
geometrytype|geometry|text
st_dimension|geometry|integer
st_isvalid|geometry|boolean
st_isempty|geometry|boolean
st_area|geometry|double precision
st_area|geography|double precision
st_length|geometry|double precision
st_length|geography|double precision
st_perimeter|geometry|double precision
st_azimuth|geometry, geometry|double precision
st_distance|geometry, geometry|double precision
st_distance|geography, geography|double precision
st_distancesphere|geometry, geometry|double precision
st_dwithin|geometry, geometry, double precision|boolean
st_dwithin|geography, geography, double precision|boolean
st_intersects|geometry, geometry|boolean
st_intersects|geography, geography|boolean
st_contains|geometry, geometry|boolean
st_within|geometry, geometry|boolean
st_covers|geometry, geometry|boolean
st_covers|geography, geography|boolean
st_coveredby|geometry, geometry|boolean
st_crosses|geometry, geometry|boolean
st_touches|geometry, geometry|boolean
st_overlaps|geometry, geometry|boolean
st_equals|geometry, geometry|boolean
st_disjoint|geometry, geometry|boolean
st_intersection|geometry, geometry|geometry
st_union|geometry, geometry|geometry
st_difference|geometry, geometry|geometry
st_buffer|geometry, double precision|geometry
st_buffer|geography, double precision|geography
st_centroid|geometry|geometry
st_pointonsurface|geometry|geometry
st_convexhull|geometry|geometry
st_envelope|geometry|geometry
st_boundary|geometry|geometry
st_multi|geometry|geometry
st_force2d|geometry|geometry
st_force3d|geometry|geometry
st_flipcoordinates|geometry|geometry
st_startpoint|geometry|geometry
st_endpoint|geometry|geometry
st_simplify|geometry, double precision|geometry
st_simplifypreservetopology|geometry, double precision|geometry
st_snaptogrid|geometry, double precision|geometry
st_collect|geometry, geometry|geometry
st_expand|geometry, double precision|geometry
st_geohash|geometry|text
st_geohash|geometry, integer|text
box2d|geometry|box2d
box3d|geometry|box3d
postgis_version||text
postgis_full_version||text
postgis_lib_version||text
$list$, E'\n') LOOP
    CONTINUE WHEN line = '';
    part := string_to_array(line, '|');
    EXECUTE format('CREATE FUNCTION %I(%s) RETURNS %s LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS %L',
      part[1], part[2], part[3],
      format('BEGIN RETURN %s; END', CASE
        WHEN part[3] IN ('double precision', 'integer') THEN '0'
        WHEN part[3] = 'boolean' THEN 'false'
        WHEN part[3] = 'bytea' THEN $body$'\x'$body$
        WHEN part[2] = '' THEN $body$'3.5'$body$
        WHEN part[3] = 'text' OR part[2] ~ '^(text|geometry|geography)' THEN '$1::text'
        ELSE $body$'POINT(0 0)'$body$ END));
  END LOOP;
END $$;

CREATE AGGREGATE st_union(geometry) (SFUNC = st_union, STYPE = geometry);
CREATE AGGREGATE st_collect(geometry) (SFUNC = st_collect, STYPE = geometry);

CREATE TABLE spatial_ref_sys (
    srid integer NOT NULL PRIMARY KEY CHECK (srid > 0 AND srid <= 998999),
    auth_name varchar(256),
    auth_srid integer,
    srtext varchar(2048),
    proj4text varchar(2048)
);
CREATE VIEW geometry_columns AS
SELECT current_database()::varchar(256) AS f_table_catalog, n.nspname AS f_table_schema,
       c.relname AS f_table_name, a.attname AS f_geometry_column, 2 AS coord_dimension, 0 AS srid,
       'GEOMETRY'::varchar(30) AS type
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
 WHERE t.typname = 'geometry' AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT a.attisdropped;
CREATE VIEW geography_columns AS
SELECT current_database()::name AS f_table_catalog, n.nspname AS f_table_schema,
       c.relname AS f_table_name, a.attname AS f_geography_column, 2 AS coord_dimension, 0 AS srid,
       'Geometry'::text AS type
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
 WHERE t.typname = 'geography' AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT a.attisdropped;
