-- Removes: the columns of `event` that say how its work stands, which moves to `delivery`.

-- Who hears of which kind of event: written by `jarvis migrate` from the handlers, so that whoever stores an event need not know them.
CREATE TABLE event_subscription (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL,
  subscriber text NOT NULL,
  lane smallint NOT NULL CHECK (lane IN (0, 1, 2)),
  pool text NOT NULL,
  -- The kind whose subscriber it is, where an administrator decided that this one be handled like it.
  routed_as text,
  UNIQUE (kind, subscriber)
);

-- Whose doing it is in the end: a person, a vendor, a check. Work is shared out fairly among them.
ALTER TABLE event ADD COLUMN sender text;
UPDATE event SET sender = coalesce('telegram:' || (payload->>'sender_id'), source);
ALTER TABLE event ALTER COLUMN sender SET NOT NULL;

-- One subscriber's work on one event. Lanes: 0 people, 1 vendors, 2 bulk. Order is kept per (subscriber, ordering_key) by event_seq.
CREATE TABLE delivery (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  event_id uuid NOT NULL REFERENCES event (id),
  event_seq bigint NOT NULL,
  subscriber text NOT NULL,
  ordering_key text,
  sender text NOT NULL,
  lane smallint NOT NULL CHECK (lane IN (0, 1, 2)),
  pool text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'claimed', 'done', 'dead', 'parked')),
  available_at timestamptz NOT NULL DEFAULT now(),
  claimed_by text,
  started_at timestamptz,
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  losses integer NOT NULL DEFAULT 0,
  finished_at timestamptz,
  cause text,
  -- Where the last attempt broke: the same place twice is final.
  failed_at text,
  UNIQUE (event_id, subscriber)
) WITH (fillfactor = 80);
CREATE INDEX delivery_ready ON delivery (lane, sender, event_seq) WHERE state = 'pending';
CREATE INDEX delivery_open_key ON delivery (subscriber, ordering_key, event_seq)
  WHERE state IN ('pending', 'claimed') AND ordering_key IS NOT NULL;
CREATE INDEX delivery_claimed_key ON delivery (subscriber, ordering_key) WHERE state = 'claimed' AND ordering_key IS NOT NULL;
CREATE INDEX delivery_leased ON delivery (lane, sender) WHERE state = 'claimed';
CREATE INDEX delivery_failed ON delivery (finished_at) WHERE state IN ('dead', 'parked');

-- What was open or had failed before there were deliveries. `jarvis migrate` shares the open ones out among their subscribers next.
INSERT INTO delivery (event_id, event_seq, subscriber, ordering_key, sender, lane, pool, state, available_at, started_at, attempts,
                      finished_at, cause)
SELECT id, seq, 'unrouted', ordering_key, sender, 1, 'work', CASE WHEN state IN ('received', 'claimed') THEN 'pending' ELSE state END,
       available_at, started_at, attempts, finished_at, cause
  FROM event WHERE state IN ('received', 'claimed', 'dead', 'parked');

-- The deliveries of an event that was just written; returns the lanes that have work now.
CREATE FUNCTION event_deliver(p_event uuid, p_seq bigint, p_kind text, p_key text, p_sender text, p_only text)
RETURNS smallint[] LANGUAGE sql AS $$
  WITH made AS (
    INSERT INTO delivery (event_id, event_seq, subscriber, ordering_key, sender, lane, pool)
    SELECT p_event, p_seq, s.subscriber, p_key, p_sender, s.lane, s.pool
      FROM (SELECT subscriber, lane, pool FROM event_subscription WHERE kind = p_kind AND (p_only IS NULL OR subscriber = p_only)
            UNION ALL
            SELECT 'unrouted', 1::smallint, 'work'
             WHERE p_only IS NULL AND NOT EXISTS (SELECT FROM event_subscription WHERE kind = p_kind)) s
    RETURNING lane)
  SELECT coalesce(array_agg(DISTINCT lane), '{}') FROM made
$$;

DROP FUNCTION event_accept(text, text, text, text, bytea, jsonb, text, uuid);
-- The advisory lock makes seq follow the order of commits within one ordering key. What follows from a dry event is dry, and is
-- the doing of whoever did that one.
CREATE FUNCTION event_accept(
  p_source text, p_kind text, p_dedup text, p_key text, p_body bytea, p_payload jsonb, p_trace text, p_parent uuid, p_sender text
) RETURNS TABLE (event_id uuid, fresh boolean, lanes smallint[]) LANGUAGE plpgsql AS $$
DECLARE v_id uuid; v_seq bigint; v_dry boolean; v_sender text;
BEGIN
  IF p_key IS NOT NULL THEN PERFORM pg_advisory_xact_lock(hashtextextended(p_key, 1)); END IF;
  IF p_parent IS NOT NULL THEN SELECT p.dry, p.sender INTO v_dry, v_sender FROM event p WHERE p.id = p_parent; END IF;
  v_sender := coalesce(p_sender, v_sender, p_source);
  INSERT INTO event (source, kind, dedup_key, ordering_key, body, payload, trace_id, parent_event_id, dry, sender)
  VALUES (p_source, p_kind, p_dedup, p_key, p_body, p_payload, p_trace, p_parent, coalesce(v_dry, false), v_sender)
  ON CONFLICT (source, dedup_key) DO NOTHING RETURNING id, seq INTO v_id, v_seq;
  IF v_id IS NOT NULL THEN
    RETURN QUERY SELECT v_id, true, event_deliver(v_id, v_seq, p_kind, p_key, v_sender, NULL);
    RETURN;
  END IF;
  RETURN QUERY SELECT e.id, false, '{}'::smallint[] FROM event e WHERE e.source = p_source AND e.dedup_key = p_dedup;
END $$;

DROP FUNCTION event_accept_windowed(text, text, text, text, bytea, text, interval, text, text);
CREATE FUNCTION event_accept_windowed(
  p_source text, p_kind text, p_digest text, p_key text, p_body bytea, p_trace text, p_window interval,
  p_duplicate_kind text, p_duplicate_trace text
) RETURNS TABLE (event_id uuid, original_id uuid, lanes smallint[]) LANGUAGE plpgsql AS $$
DECLARE v_id uuid := gen_random_uuid(); v_seq bigint; v_first uuid; v_lanes smallint[];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(coalesce(p_key, p_digest), 1));
  SELECT e.id INTO v_first FROM event e
   WHERE e.body_digest = p_digest AND e.source = p_source AND e.duplicate_of_event_id IS NULL
     AND e.received_at > now() - p_window
   ORDER BY e.received_at DESC LIMIT 1;  -- as event_digest is ordered: by seq the planner may walk the whole table
  INSERT INTO event (id, source, kind, dedup_key, body_digest, ordering_key, body, trace_id, duplicate_of_event_id, sender)
  VALUES (v_id, p_source, p_kind, p_digest || ':' || v_id, p_digest, p_key, p_body, p_trace, v_first, p_source)
  RETURNING seq INTO v_seq;
  IF v_first IS NULL THEN
    v_lanes := event_deliver(v_id, v_seq, p_kind, p_key, p_source, NULL);
  ELSE
    SELECT a.lanes INTO v_lanes FROM event_accept('jarvis', p_duplicate_kind, 'duplicate:' || v_id, NULL, NULL,
      jsonb_build_object('original_event_id', v_first), p_duplicate_trace, NULL, p_source) a;
  END IF;
  RETURN QUERY SELECT v_id, v_first, v_lanes;
END $$;

DROP INDEX event_ready, event_open_key, event_leased;
ALTER TABLE event DROP COLUMN state, DROP COLUMN available_at, DROP COLUMN claimed_by, DROP COLUMN started_at,
  DROP COLUMN lease_until, DROP COLUMN fence, DROP COLUMN attempts, DROP COLUMN losses, DROP COLUMN finished_at, DROP COLUMN cause;

-- An event as people look at it: the sum of its deliveries.
CREATE VIEW event_status AS
  SELECT e.id, e.seq, e.source, e.kind, e.sender, e.trace_id, e.dry, e.received_at, d.started_at, d.finished_at, d.attempts, d.cause,
         CASE WHEN e.duplicate_of_event_id IS NOT NULL THEN 'duplicate'
              WHEN d.claimed > 0 THEN 'claimed'
              WHEN d.pending > 0 THEN 'received'
              WHEN d.dead > 0 THEN CASE WHEN d.dead = d.total THEN 'dead' ELSE 'done with failures' END
              WHEN d.parked > 0 THEN 'parked'
              ELSE 'done' END AS state
    FROM event e CROSS JOIN LATERAL (
      SELECT count(*) AS total, count(*) FILTER (WHERE state = 'claimed') AS claimed, count(*) FILTER (WHERE state = 'pending') AS pending,
             count(*) FILTER (WHERE state = 'dead') AS dead, count(*) FILTER (WHERE state = 'parked') AS parked,
             min(started_at) AS started_at, max(attempts) AS attempts,
             CASE WHEN count(*) FILTER (WHERE state IN ('pending', 'claimed')) = 0 THEN max(finished_at) END AS finished_at,
             string_agg(CASE WHEN cause IS NOT NULL AND state <> 'done' THEN subscriber || ': ' || cause END, '; ' ORDER BY subscriber)
               AS cause
        FROM delivery WHERE event_id = e.id) d;
GRANT SELECT ON event_status TO jarvis_app;
