-- Whatever the server's own catalog has is here again, in the schema `traps`, made by a role without rights: functions, aggregates,
-- operators, types and relations, under the same names and for the same types. Each tells the server's log that it was used.
CREATE FUNCTION traps.sprung(what pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql IMMUTABLE
    AS 'BEGIN RAISE LOG ''trap: %'', what; RETURN true; END';

SET check_function_bodies = off;

DO $make$
DECLARE
    made record;
    arguments text;
    usable CONSTANT text := '^(internal|cstring|trigger|event_trigger|language_handler|fdw_handler|index_am_handler|table_am_handler|tsm_handler|pg_ddl_command|unknown|void)$';
BEGIN
    -- With as many arguments as a call may have, and text in the place of arguments of any type, also one for all that follow.
    FOR made IN
        SELECT p.oid, p.proname, p.prokind, p.proretset, n AS count, variant, (
                SELECT coalesce(string_agg(CASE
                    WHEN t.typname = 'any' AND variant = 1 THEN 'anyelement'
                    WHEN t.typname = 'any' AND a.place = n AND p.provariadic <> 0 THEN 'VARIADIC text[]'
                    WHEN t.typname = 'any' THEN 'text' ELSE a.type::regtype::text END, ', ' ORDER BY a.place), '')
                FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a (type, place) JOIN pg_type t ON t.oid = a.type
                WHERE a.place <= n) AS arguments
        FROM pg_proc p CROSS JOIN generate_series((p.pronargs - p.pronargdefaults)::integer, p.pronargs::integer) n
            CROSS JOIN generate_series(0, 1) variant
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind IN ('f', 'a', 'w')
            AND (variant = 0 OR '"any"'::regtype = ANY (p.proargtypes::oid[]))
            AND NOT EXISTS (SELECT FROM unnest(p.proargtypes::oid[]) a JOIN pg_type t ON t.oid = a WHERE t.typname ~ usable)
            AND (p.prorettype = 'void'::regtype OR p.prorettype::regtype::text !~ usable)
    LOOP
        arguments := made.arguments;
        BEGIN
            IF made.prokind = 'a' THEN
                EXECUTE format('CREATE FUNCTION traps.step_%s_%s(text%s) RETURNS text LANGUAGE plpgsql IMMUTABLE
                    AS $b$BEGIN PERFORM traps.sprung(%L); RETURN NULL; END$b$', made.oid, made.variant,
                    CASE WHEN arguments = '' THEN '' ELSE ', ' || arguments END, made.proname);
                EXECUTE format('CREATE AGGREGATE traps.%I(%s) (SFUNC = traps.step_%s_%s, STYPE = text)', made.proname,
                    CASE WHEN arguments = '' THEN '*' ELSE arguments END, made.oid, made.variant);
            ELSE
                EXECUTE format('CREATE FUNCTION traps.%I(%s) RETURNS %stext LANGUAGE plpgsql IMMUTABLE
                    AS $b$BEGIN PERFORM traps.sprung(%L); RETURN%s; END$b$', made.proname, arguments,
                    CASE WHEN made.proretset THEN 'SETOF ' ELSE '' END, made.proname,
                    CASE WHEN made.proretset THEN '' ELSE ' NULL' END);
            END IF;
        EXCEPTION WHEN duplicate_function THEN
            NULL;
        END;
    END LOOP;
    FOR made IN
        SELECT o.oid, o.oprname, o.oprleft, o.oprright, o.oprresult::regtype AS result FROM pg_operator o
        WHERE o.oprnamespace = 'pg_catalog'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid IN (o.oprleft, o.oprright, o.oprresult) AND t.typname ~ usable)
    LOOP
        EXECUTE format('CREATE FUNCTION traps.operator_%s(%s) RETURNS %s LANGUAGE plpgsql IMMUTABLE
            AS $b$BEGIN PERFORM traps.sprung(%L); RETURN NULL; END$b$', made.oid,
            concat_ws(', ', nullif(made.oprleft, 0)::regtype, nullif(made.oprright, 0)::regtype), made.result, made.oprname);
        EXECUTE format('CREATE OPERATOR traps.%s (FUNCTION = traps.operator_%s%s%s)', made.oprname, made.oid,
            ', LEFTARG = ' || nullif(made.oprleft, 0)::regtype, ', RIGHTARG = ' || nullif(made.oprright, 0)::regtype);
    END LOOP;
    FOR made IN
        SELECT c.relname, (SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.atttypid <> 'anyarray'::regtype) AS columns
        FROM pg_class c WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
            AND has_table_privilege(c.oid, 'SELECT')
    LOOP
        EXECUTE format('CREATE VIEW traps.%1$I AS SELECT %2$s FROM pg_catalog.%1$I WHERE traps.sprung(%1$L)', made.relname,
            made.columns);
    END LOOP;
    -- Last, since a domain may not have the name of a relation. A type of no values is one of another sort.
    FOR made IN
        SELECT t.typname, t.oid::regtype AS type, t.typtype FROM pg_type t
        WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'p') AND t.typisdefined
            AND t.typname !~ usable AND t.typelem = 0
    LOOP
        IF made.typtype = 'p' THEN
            EXECUTE format('CREATE TYPE traps.%I AS ENUM (''trap'')', made.typname);
        ELSE
            EXECUTE format('CREATE DOMAIN traps.%I AS %s CHECK (traps.sprung(%L))', made.typname, made.type, made.typname);
        END IF;
    END LOOP;
END
$make$;
