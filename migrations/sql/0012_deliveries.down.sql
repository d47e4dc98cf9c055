-- Each event gets back the sum of its deliveries; who of several subscribers failed is no longer known.
ALTER TABLE event
  ADD COLUMN state text NOT NULL DEFAULT 'received'
    CHECK (state IN ('received', 'claimed', 'done', 'dead', 'parked', 'duplicate')),
  ADD COLUMN available_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN claimed_by text,
  ADD COLUMN started_at timestamptz,
  ADD COLUMN lease_until timestamptz,
  ADD COLUMN fence bigint NOT NULL DEFAULT 0,
  ADD COLUMN attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN finished_at timestamptz,
  ADD COLUMN cause text,
  ADD COLUMN losses integer NOT NULL DEFAULT 0;
UPDATE event e SET state = CASE s.state WHEN 'claimed' THEN 'received' WHEN 'done with failures' THEN 'dead' ELSE s.state END,
       started_at = s.started_at, finished_at = s.finished_at, attempts = coalesce(s.attempts, 0), cause = s.cause
  FROM event_status s WHERE s.id = e.id;
CREATE INDEX event_ready ON event (seq) WHERE state = 'received';
CREATE INDEX event_open_key ON event (ordering_key, seq) WHERE state IN ('received', 'claimed');
CREATE INDEX event_leased ON event (lease_until) WHERE state = 'claimed';

DROP VIEW event_status;
DROP FUNCTION event_accept(text, text, text, text, bytea, jsonb, text, uuid, text);
DROP FUNCTION event_accept_windowed(text, text, text, text, bytea, text, interval, text, text);
DROP FUNCTION event_deliver(uuid, bigint, text, text, text, text);
DROP TABLE delivery, event_subscription;
ALTER TABLE event DROP COLUMN sender;

CREATE FUNCTION event_accept(
  p_source text, p_kind text, p_dedup text, p_key text, p_body bytea, p_payload jsonb, p_trace text, p_parent uuid
) RETURNS TABLE (event_id uuid, fresh boolean) LANGUAGE plpgsql AS $$
DECLARE v_id uuid;
BEGIN
  IF p_key IS NOT NULL THEN PERFORM pg_advisory_xact_lock(hashtextextended(p_key, 1)); END IF;
  INSERT INTO event (source, kind, dedup_key, ordering_key, body, payload, trace_id, parent_event_id, dry)
  VALUES (p_source, p_kind, p_dedup, p_key, p_body, p_payload, p_trace, p_parent,
          coalesce((SELECT p.dry FROM event p WHERE p.id = p_parent), false))
  ON CONFLICT (source, dedup_key) DO NOTHING RETURNING id INTO v_id;
  IF v_id IS NOT NULL THEN RETURN QUERY SELECT v_id, true; RETURN; END IF;
  RETURN QUERY SELECT e.id, false FROM event e WHERE e.source = p_source AND e.dedup_key = p_dedup;
END $$;

CREATE FUNCTION event_accept_windowed(
  p_source text, p_kind text, p_digest text, p_key text, p_body bytea, p_trace text, p_window interval,
  p_duplicate_kind text, p_duplicate_trace text
) RETURNS TABLE (event_id uuid, original_id uuid) LANGUAGE plpgsql AS $$
DECLARE v_id uuid := gen_random_uuid(); v_first uuid;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(coalesce(p_key, p_digest), 1));
  SELECT e.id INTO v_first FROM event e
   WHERE e.body_digest = p_digest AND e.source = p_source AND e.duplicate_of_event_id IS NULL
     AND e.received_at > now() - p_window
   ORDER BY e.received_at DESC LIMIT 1;  -- as event_digest is ordered: by seq the planner may walk the whole table
  INSERT INTO event (id, source, kind, dedup_key, body_digest, ordering_key, body, trace_id, state,
                     duplicate_of_event_id, finished_at)
  VALUES (v_id, p_source, p_kind, p_digest || ':' || v_id, p_digest, p_key, p_body, p_trace,
          CASE WHEN v_first IS NULL THEN 'received' ELSE 'duplicate' END, v_first,
          CASE WHEN v_first IS NULL THEN NULL ELSE now() END);
  IF v_first IS NOT NULL THEN
    PERFORM event_accept('jarvis', p_duplicate_kind, 'duplicate:' || v_id, NULL, NULL,
                         jsonb_build_object('original_event_id', v_first), p_duplicate_trace, NULL);
  END IF;
  RETURN QUERY SELECT v_id, v_first;
END $$;
