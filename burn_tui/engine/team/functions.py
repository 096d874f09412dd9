"""What the team's server does itself, as functions in its schema: whatever must be one step for all machines at once.

1651864174, "burn" in ASCII, is the first half of every advisory lock; the second half is 0 for roll-ups, 1 for
partitions, and 1000 and more for budgets. Compiling a statement (jit) takes far longer than any of these run.
"""

_REFRESH = """
CREATE OR REPLACE FUNCTION burn.refresh() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = burn, pg_temp SET jit = off AS $$
BEGIN
    -- One at a time: of two that rebuild the same hour the one that has seen less might write last.
    PERFORM pg_advisory_xact_lock(1651864174, 0);
    WITH stale AS (DELETE FROM stale_hours RETURNING hour)
    INSERT INTO hours
    SELECT touched.hour, found.* FROM (SELECT DISTINCT hour FROM stale) AS touched CROSS JOIN LATERAL (
        SELECT labels, session,
               count(*) FILTER (WHERE attempt = 1),
               count(*) FILTER (WHERE attempt > 0),
               count(*) FILTER (WHERE attempt > 0 AND error_type NOT IN ('', 'cancelled', 'interrupted')),
               sum(unpriced),
               sum(input_tokens + output_tokens),
               coalesce(sum(cost_nanousd), 0),
               max(started_at)
        FROM entries
        WHERE started_at >= touched.hour AND started_at < touched.hour + interval '1 hour' AND error_type <> 'refused'
        GROUP BY labels, session
    ) AS found
    ON CONFLICT (hour, labels, session) DO UPDATE SET
        requests = excluded.requests, attempts = excluded.attempts, failures = excluded.failures,
        unpriced = excluded.unpriced, tokens = excluded.tokens, cost_nanousd = excluded.cost_nanousd,
        last_at = excluded.last_at;
    DELETE FROM reservations WHERE expires_at < now() - interval '1 day';
END $$
"""

_MONTHS = """
CREATE OR REPLACE FUNCTION burn.make_months(since timestamptz, until timestamptz) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = burn, pg_temp SET jit = off AS $$
DECLARE
    month timestamp := date_trunc('month', greatest(since, '2020-01-01Z') AT TIME ZONE 'UTC');
    after timestamp := least(until, now() + interval '6 months') AT TIME ZONE 'UTC';
    name text;
BEGIN
    WHILE month <= after LOOP
        name := 'entries_' || to_char(month, 'YYYY_MM');
        IF to_regclass('burn.' || name) IS NULL THEN
            PERFORM pg_advisory_xact_lock(1651864174, 1);
            BEGIN
                EXECUTE format(
                    'CREATE TABLE IF NOT EXISTS burn.%I PARTITION OF burn.entries FOR VALUES FROM (%L) TO (%L)',
                    name, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
            EXCEPTION WHEN check_violation THEN
                NULL;  -- rows of that month stand in entries_elsewhen already, and stay there
            END;
        END IF;
        month := month + interval '1 month';
    END LOOP;
END $$
"""

_SPENT = """
CREATE OR REPLACE FUNCTION burn.spent(
    limited burn.budgets, but_not uuid, OUT spent_nanousd bigint, OUT reserved_nanousd bigint
) LANGUAGE plpgsql STABLE SET search_path = burn, pg_temp SET jit = off AS $$
DECLARE
    since timestamptz := date_trunc(limited.period, now() AT TIME ZONE limited.timezone) AT TIME ZONE limited.timezone;
    whole timestamptz := date_trunc('hour', since + interval '59 minutes 59.999999 seconds', 'UTC');
    covered integer[];
    sessions_covered integer[];
    part record;
    more bigint;
BEGIN
    -- Stable, so that all questions are asked of one moment: a row that arrives is counted either as reserved or as
    -- spent. Roll-ups where they hold everything, rows of hours that bear a mark and of the one that the period cuts.
    covered := ARRAY(SELECT id FROM labels WHERE CASE limited.scope
            WHEN 'provider' THEN provider_name WHEN 'environment' THEN environment WHEN 'project' THEN project
            WHEN 'member' THEN member ELSE limited.scope_name END = limited.scope_name);
    sessions_covered := ARRAY(SELECT id FROM sessions WHERE limited.scope = 'session' AND name = limited.scope_name);
    SELECT coalesce(sum(cost_nanousd), 0) INTO spent_nanousd FROM hours
    WHERE hour >= whole AND NOT EXISTS (SELECT FROM stale_hours WHERE stale_hours.hour = hours.hour)
      AND labels = ANY(covered) AND (limited.scope <> 'session' OR session = ANY(sessions_covered));
    FOR part IN
        SELECT DISTINCT hour AS start, hour + interval '1 hour' AS ended FROM stale_hours WHERE hour >= whole
        UNION ALL SELECT since, whole WHERE since < whole
    LOOP
        SELECT coalesce(sum(cost_nanousd), 0) INTO more FROM entries
        WHERE started_at >= part.start AND started_at < part.ended AND error_type <> 'refused'
          AND labels = ANY(covered) AND (limited.scope <> 'session' OR session = ANY(sessions_covered));
        spent_nanousd := spent_nanousd + more;
    END LOOP;

    -- A reservation ends when the row of its attempt arrives, or with time.
    SELECT coalesce(sum(amount_nanousd), 0) INTO reserved_nanousd FROM reservations AS held
    WHERE expires_at > now() AND started_at >= since AND event_id IS DISTINCT FROM but_not
      AND CASE limited.scope
            WHEN 'provider' THEN provider_name WHEN 'environment' THEN environment WHEN 'project' THEN project
            WHEN 'member' THEN member WHEN 'session' THEN session ELSE limited.scope_name END = limited.scope_name
      AND NOT EXISTS (SELECT FROM entries AS arrived
            WHERE arrived.event_id = held.event_id AND arrived.started_at = held.started_at);
END $$
"""

_RESERVE = """
CREATE OR REPLACE FUNCTION burn.reserve(wanted burn.reservations) RETURNS TABLE (budget integer, spent_nanousd bigint,
    reserved_nanousd bigint, fits boolean) LANGUAGE plpgsql SET search_path = burn, pg_temp SET jit = off AS $$
DECLARE
    one budgets;
    all_fit boolean := true;
BEGIN
    -- In one order for everybody, so that nobody waits in a circle. Each statement after the lock sees what others have
    -- committed before they gave it back.
    FOR one IN SELECT * FROM budgets ORDER BY id LOOP
        CONTINUE WHEN one.scope_name <> CASE one.scope
            WHEN 'provider' THEN wanted.provider_name WHEN 'environment' THEN wanted.environment
            WHEN 'project' THEN wanted.project WHEN 'member' THEN wanted.member
            WHEN 'session' THEN wanted.session ELSE one.scope_name END;
        PERFORM pg_advisory_xact_lock(1651864174, 1000 + one.id);
        budget := one.id;
        SELECT sums.spent_nanousd, sums.reserved_nanousd INTO spent_nanousd, reserved_nanousd
            FROM burn.spent(one, wanted.event_id) AS sums;
        fits := spent_nanousd + reserved_nanousd < one.limit_nanousd
            AND spent_nanousd + reserved_nanousd + wanted.amount_nanousd <= one.limit_nanousd;
        all_fit := all_fit AND fits;
        RETURN NEXT;
    END LOOP;
    IF all_fit AND budget IS NOT NULL THEN
        INSERT INTO reservations SELECT wanted.* ON CONFLICT DO NOTHING;
    END IF;
END $$
"""

FUNCTIONS = (
    _REFRESH,
    _MONTHS,
    _SPENT,
    _RESERVE,
    # What runs as the owner is for those who were granted it.
    "REVOKE EXECUTE ON FUNCTION burn.refresh(), burn.make_months(timestamptz, timestamptz) FROM PUBLIC",
)
"""Of schema.py, in the order in which they need each other."""
