-- Both functions are planned once a connection: planning for the arrays of each call takes longer than a small group itself. A plan that
-- was made while the tables were small must not walk them when they are large.

-- The deliveries of events that were just written: who hears of what is said here and nowhere else. Returns each event's lanes.
CREATE FUNCTION event_deliver_many(p_events uuid[], p_only text)
RETURNS TABLE (event_id uuid, lanes smallint[]) LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    WITH made AS (
      INSERT INTO delivery (event_id, event_seq, subscriber, ordering_key, sender, lane, pool)
      SELECT e.id, e.seq, s.subscriber, e.ordering_key, e.sender, s.lane, s.pool
        FROM event e CROSS JOIN LATERAL (
          SELECT n.subscriber, n.lane, n.pool FROM event_subscription n
           WHERE n.kind = e.kind AND (p_only IS NULL OR n.subscriber = p_only)
          UNION ALL
          SELECT 'unrouted', 1::smallint, 'work'
           WHERE p_only IS NULL AND NOT EXISTS (SELECT FROM event_subscription n WHERE n.kind = e.kind)) s
       WHERE e.id = ANY (p_events)
      RETURNING event_id, lane)
    SELECT m.event_id, array_agg(DISTINCT m.lane) FROM made m GROUP BY m.event_id;
END $$;

CREATE OR REPLACE FUNCTION event_deliver(p_event uuid, p_seq bigint, p_kind text, p_key text, p_sender text, p_only text)
RETURNS smallint[] LANGUAGE plpgsql AS $$
BEGIN
  RETURN coalesce((SELECT d.lanes FROM event_deliver_many(ARRAY[p_event], p_only) d), '{}');
END $$;

-- Inputs whose senders give no id, in the order of their arrival; the arrays are of one length. An equal body within the window, or
-- earlier in the same call, makes a duplicate: kept without deliveries, and told of by an event that ends in `.duplicate`.
--
-- The locks make seq follow the order of commits within one ordering key. They are taken in the order of their numbers, so that no two
-- calls wait for each other in a circle.
CREATE FUNCTION event_accept_many(
  p_sources text[], p_kinds text[], p_digests text[], p_keys text[], p_bodies bytea[], p_window interval
) RETURNS TABLE (event_id uuid, original_id uuid, lanes smallint[]) LANGUAGE plpgsql
  SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE v_ids uuid[]; v_firsts uuid[]; v_fresh uuid[];
BEGIN
  PERFORM pg_advisory_xact_lock(l.number)
     FROM (SELECT DISTINCT hashtextextended(coalesce(g.key, g.digest), 1) AS number FROM unnest(p_keys, p_digests) AS g (key, digest)
            ORDER BY number) l;

  WITH given AS (
    SELECT gen_random_uuid() AS id, g.source, g.digest, g.place
      FROM unnest(p_sources, p_digests) WITH ORDINALITY AS g (source, digest, place)
  ), found AS (
    SELECT g.id, g.place, coalesce(
             (SELECT e.id FROM event e
               WHERE e.body_digest = g.digest AND e.source = g.source AND e.duplicate_of_event_id IS NULL
                 AND e.received_at > now() - p_window
               ORDER BY e.received_at DESC LIMIT 1),  -- as event_digest is ordered: by seq the planner may walk the whole table
             nullif(first_value(g.id) OVER (PARTITION BY g.source, g.digest ORDER BY g.place), g.id)) AS first_id
      FROM given g
  )
  SELECT array_agg(f.id ORDER BY f.place), array_agg(f.first_id ORDER BY f.place),
         coalesce(array_agg(f.id) FILTER (WHERE f.first_id IS NULL), '{}')
    INTO v_ids, v_firsts, v_fresh FROM found f;

  INSERT INTO event (id, source, kind, dedup_key, body_digest, ordering_key, body, trace_id, duplicate_of_event_id, sender)
  SELECT g.id, g.source, g.kind, g.digest || ':' || g.id, g.digest, g.key, g.body, replace(gen_random_uuid()::text, '-', ''), g.first_id,
         g.source
    FROM unnest(v_ids, p_sources, p_kinds, p_digests, p_keys, p_bodies, v_firsts) WITH ORDINALITY
           AS g (id, source, kind, digest, key, body, first_id, place)
   ORDER BY g.place;

  RETURN QUERY
    SELECT g.id, g.first_id, CASE WHEN g.first_id IS NULL THEN d.lanes ELSE (
             SELECT a.lanes FROM event_accept('jarvis', regexp_replace(g.kind, '[^.]*$', 'duplicate'), 'duplicate:' || g.id, NULL, NULL,
               jsonb_build_object('original_event_id', g.first_id), replace(gen_random_uuid()::text, '-', ''), NULL, g.source) a) END
      FROM unnest(v_ids, v_firsts, p_kinds, p_sources) WITH ORDINALITY AS g (id, first_id, kind, source, place)
      LEFT JOIN event_deliver_many(v_fresh, NULL) d ON d.event_id = g.id
     ORDER BY g.place;
END $$;

DROP FUNCTION event_accept_windowed(text, text, text, text, bytea, text, interval, text, text);
