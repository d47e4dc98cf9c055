-- A button remembers which event used it up, so that an interrupted press goes on and a second tap does not.
ALTER TABLE interaction ADD COLUMN used_by_event_id uuid REFERENCES event (id);

-- Which of our effects made a message: asked at every reply, press and look behind an answer.
CREATE INDEX effect_message ON effect (target, ((receipt->>'message_id')::bigint)) WHERE state = 'done';

-- The bot's public name, for invitation links made in other processes.
ALTER TABLE telegram_session ADD COLUMN username text;

-- Kinds of events that no rule knew: what the router proposed, and what a person decided.
CREATE TABLE event_route (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL UNIQUE,
  proposed_kind text,
  reason text,
  asked_at timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'routed', 'ignored')),
  handled_as text,
  decided_at timestamptz,
  decided_by_employee_id uuid REFERENCES employee (id)
);

-- Deliveries that were refused at the door, counted by the hour; their bodies are not kept.
CREATE TABLE refused_delivery (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  source text NOT NULL,
  reason text NOT NULL,
  hour timestamptz NOT NULL,
  deliveries bigint NOT NULL DEFAULT 1,
  UNIQUE (source, reason, hour)
);

-- What follows from a dry event is dry as well: a dry replay sends nothing, however deep it goes.
CREATE OR REPLACE FUNCTION event_accept(
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

-- The beginning of a request in one round trip: the open conversation (a new one after the idle time), the run's row,
-- what each role read and wrote in its last runs, and older requests with the first line of their answers.
CREATE FUNCTION conversation_begin(
  p_employee uuid, p_place text, p_event uuid, p_text text, p_language text, p_trace text, p_now timestamptz,
  p_idle interval, p_runs integer
) RETURNS TABLE (conversation_id uuid, tainted boolean, fresh boolean, run_id uuid, history jsonb, earlier text[])
LANGUAGE plpgsql AS $$
DECLARE v_id uuid; v_tainted boolean; v_fresh boolean := false; v_run uuid;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_employee || ':' || p_place, 4));
  UPDATE conversation c SET closed_at = p_now
   WHERE c.employee_id = p_employee AND c.place = p_place AND c.closed_at IS NULL AND c.last_at < p_now - p_idle;
  UPDATE conversation c SET last_at = greatest(c.last_at, p_now)
   WHERE c.employee_id = p_employee AND c.place = p_place AND c.closed_at IS NULL
   RETURNING c.id, c.tainted INTO v_id, v_tainted;
  IF v_id IS NULL THEN
    INSERT INTO conversation AS c (employee_id, place, started_at, last_at) VALUES (p_employee, p_place, p_now, p_now)
    RETURNING c.id, c.tainted INTO v_id, v_tainted;
    v_fresh := true;
  END IF;
  INSERT INTO agent_run AS r (conversation_id, event_id, employee_id, request_text, language, started_at, trace_id)
  VALUES (v_id, p_event, p_employee, p_text, p_language, p_now, p_trace)
  ON CONFLICT (event_id) DO UPDATE SET state = 'running', started_at = p_now RETURNING r.id INTO v_run;
  RETURN QUERY SELECT v_id, v_tainted, v_fresh, v_run,
    (SELECT coalesce(jsonb_object_agg(h.role, h.runs), '{}') FROM (
       SELECT n.role, jsonb_agg(n.messages ORDER BY n.seq) AS runs FROM (
         SELECT m.role, m.messages, m.seq, row_number() OVER (PARTITION BY m.role ORDER BY m.seq DESC) AS place
           FROM agent_message m WHERE m.conversation_id = v_id) n
        WHERE n.place <= p_runs GROUP BY n.role) h),
    ARRAY(SELECT o.line FROM (
       SELECT r.started_at, r.request_text || ' → ' || split_part(coalesce(r.answer_text, ''), E'\n', 1) AS line
         FROM agent_run r WHERE r.conversation_id = v_id AND r.state = 'answered' AND r.id <> v_run
        ORDER BY r.started_at DESC OFFSET p_runs LIMIT 20) o ORDER BY o.started_at);
END $$;

-- One round trip a delivery: an equal body within the window is kept as a duplicate, with the event that tells of it.
DROP FUNCTION event_accept_windowed(text, text, text, text, bytea, text, interval);
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

-- How often a worker died with the event; attempts alone also count a source that was away.
ALTER TABLE event ADD COLUMN losses integer NOT NULL DEFAULT 0;
