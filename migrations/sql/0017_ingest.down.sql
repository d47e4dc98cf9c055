-- The deliveries of an event that was just written; returns the lanes that have work now.
CREATE OR REPLACE FUNCTION event_deliver(p_event uuid, p_seq bigint, p_kind text, p_key text, p_sender text, p_only text)
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

DROP FUNCTION event_accept_many(text[], text[], text[], text[], bytea[], interval);
DROP FUNCTION event_deliver_many(uuid[], text);
