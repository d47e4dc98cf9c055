-- Effects ------------------------------------------------------------------------------------------------------------

-- A: the far side takes our key; B: it is read back before a repeat; C: neither, an ambiguous failure is put before a person.
ALTER TABLE effect ADD COLUMN effect_class text NOT NULL DEFAULT 'B' CHECK (effect_class IN ('A', 'B', 'C'));
ALTER TABLE effect ALTER COLUMN effect_class DROP DEFAULT;
-- A step of a request waits until this one is done, and is dropped when it fails.
ALTER TABLE effect ADD COLUMN after_effect_id uuid REFERENCES effect (id);
-- The internal event that tells how it ended; none for what nobody waits for.
ALTER TABLE effect ADD COLUMN settled_kind text;
ALTER TABLE effect ADD COLUMN branch text;
-- Between the beginning of a send and its outcome: a worker that dies here leaves an ambiguous effect.
ALTER TABLE effect ADD COLUMN attempting boolean NOT NULL DEFAULT false;
ALTER TABLE effect ADD COLUMN resolved_by_employee_id uuid REFERENCES employee (id);
CREATE INDEX effect_after ON effect (after_effect_id) WHERE after_effect_id IS NOT NULL;
CREATE INDEX effect_unknown ON effect (finished_at) WHERE state = 'unknown';
ALTER INDEX effect_open_key RENAME TO effect_open_key_old;
CREATE INDEX effect_open_key ON effect (ordering_key, seq) WHERE state IN ('pending', 'claimed', 'unknown');
DROP INDEX effect_open_key_old;

-- Interactions -------------------------------------------------------------------------------------------------------

-- Who may press: one person, or the roles of a rule inside a branch. No expiry: the button only asks, and may always ask.
ALTER TABLE interaction ADD COLUMN allowed_roles text[];
ALTER TABLE interaction ADD COLUMN allowed_branch text;
ALTER TABLE interaction ALTER COLUMN expires_at DROP NOT NULL;

-- Every message that shows a group of buttons, so that all copies are edited together.
CREATE TABLE interaction_copy (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  group_key text NOT NULL,
  employee_id uuid REFERENCES employee (id),
  place text NOT NULL,
  language text NOT NULL,
  effect_id uuid NOT NULL REFERENCES effect (id),
  UNIQUE (group_key, place)
);

-- Approvals ----------------------------------------------------------------------------------------------------------

CREATE TABLE approval (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  event_id uuid NOT NULL UNIQUE REFERENCES event (id),
  agent_run_id uuid NOT NULL REFERENCES agent_run (id),
  conversation_id uuid NOT NULL REFERENCES conversation (id),
  requester_employee_id uuid NOT NULL REFERENCES employee (id),
  request_text text NOT NULL,
  language text NOT NULL,
  place text NOT NULL,
  approver_roles text[] NOT NULL,
  branches text[] NOT NULL,
  needed smallint NOT NULL CHECK (needed IN (1, 2)),
  tainted boolean NOT NULL,
  quotes jsonb NOT NULL DEFAULT '[]',
  digest text NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'declined', 'expired', 'void')),
  asked_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  decided_at timestamptz,
  decided_by_employee_id uuid REFERENCES employee (id),
  decided_by_event_id uuid REFERENCES event (id),
  reason jsonb,
  trace_id text NOT NULL
);
CREATE INDEX approval_waiting ON approval (expires_at) WHERE state = 'waiting';

-- One write of a card. `write` is what will be sent and what the card shows of it; `shown` is the version of those fields.
CREATE TABLE approval_item (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  approval_id uuid NOT NULL REFERENCES approval (id),
  ordinal smallint NOT NULL,
  role text NOT NULL,
  tool text NOT NULL,
  call_key text NOT NULL,
  arguments jsonb NOT NULL,
  arguments_digest text NOT NULL,
  write jsonb NOT NULL,
  subject_kind text NOT NULL,
  subject_id uuid NOT NULL,
  shown jsonb NOT NULL,
  effect_id uuid UNIQUE REFERENCES effect (id),
  consumed_at timestamptz,
  undo_until timestamptz,
  undo_effect_id uuid UNIQUE REFERENCES effect (id),
  undone_by_employee_id uuid REFERENCES employee (id),
  UNIQUE (approval_id, ordinal)
);
CREATE INDEX approval_item_subject ON approval_item (subject_id);

CREATE TABLE approval_vote (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  approval_id uuid NOT NULL REFERENCES approval (id),
  employee_id uuid NOT NULL REFERENCES employee (id),
  event_id uuid NOT NULL REFERENCES event (id),
  voted_at timestamptz NOT NULL,
  UNIQUE (approval_id, employee_id)
);

-- What a role had read and written when its writes began to wait; the run goes on from here after the decision.
CREATE TABLE approval_history (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  approval_id uuid NOT NULL REFERENCES approval (id),
  role text NOT NULL,
  messages jsonb NOT NULL,
  resumed_at timestamptz,
  UNIQUE (approval_id, role)
);

-- Switches -----------------------------------------------------------------------------------------------------------

CREATE TABLE switch (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  scope text NOT NULL CHECK (scope IN ('all', 'agent', 'tool', 'branch', 'effect')),
  name text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('on', 'read_only', 'shadow', 'off')),
  set_by_employee_id uuid REFERENCES employee (id),
  set_at timestamptz NOT NULL DEFAULT now(),
  reason text,
  UNIQUE (scope, name)
);

-- Audit --------------------------------------------------------------------------------------------------------------

-- Sixty-four chains, so that appends do not queue. An entry holds ids and hashes; words about people lie in audit_payload,
-- which may be erased without breaking a chain.
CREATE TABLE audit_head (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  shard smallint NOT NULL UNIQUE,
  n bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT '\x'
);
INSERT INTO audit_head (shard) SELECT generate_series(0, 63);

CREATE TABLE audit_payload (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  audit_entry_id uuid NOT NULL UNIQUE,
  salt bytea NOT NULL,
  body text NOT NULL
);

ALTER TABLE audit_entry ADD COLUMN shard smallint, ADD COLUMN n bigint, ADD COLUMN payload_hash bytea, ADD COLUMN hash bytea;

-- What one link covers. Every field is preceded by its length, so no two rows read the same.
CREATE FUNCTION audit_link(
  p_prev bytea, p_id uuid, p_shard smallint, p_n bigint, p_at timestamptz, p_action text, p_actor uuid, p_outcome text,
  p_event uuid, p_effect uuid, p_trace text, p_payload bytea
) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(p_prev || convert_to(string_agg(octet_length(f) || ':' || f, '' ORDER BY i), 'UTF8'))
    FROM unnest(ARRAY[
      p_id::text, p_shard::text, p_n::text, (extract(epoch FROM p_at) * 1000000)::bigint::text, p_action,
      coalesce(p_actor::text, ''), p_outcome, coalesce(p_event::text, ''), coalesce(p_effect::text, ''),
      coalesce(p_trace, ''), encode(p_payload, 'hex')]) WITH ORDINALITY AS t (f, i)
$$;

-- Add one entry; returns its chain, which the same transaction passes on so that it never waits for a second one.
CREATE FUNCTION audit_append(
  p_shard smallint, p_action text, p_actor uuid, p_outcome text, p_event uuid, p_effect uuid, p_trace text, p_salt bytea,
  p_body text
) RETURNS smallint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE v_head audit_head; v_id uuid := gen_random_uuid(); v_at timestamptz := clock_timestamp(); v_payload bytea; v_hash bytea;
  v_from smallint := floor(random() * 64);
BEGIN
  IF p_shard IS NOT NULL THEN
    SELECT * INTO v_head FROM audit_head WHERE shard = p_shard FOR UPDATE;
  ELSE
    SELECT * INTO v_head FROM audit_head WHERE shard >= v_from ORDER BY shard LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF v_head.id IS NULL THEN
      SELECT * INTO v_head FROM audit_head ORDER BY shard LIMIT 1 FOR UPDATE SKIP LOCKED;
    END IF;
    IF v_head.id IS NULL THEN
      SELECT * INTO v_head FROM audit_head WHERE shard = v_from FOR UPDATE;
    END IF;
  END IF;
  v_payload := sha256(p_salt || convert_to(p_body, 'UTF8'));
  v_hash := audit_link(v_head.hash, v_id, v_head.shard, v_head.n + 1, v_at, p_action, p_actor, p_outcome, p_event, p_effect,
                       p_trace, v_payload);
  INSERT INTO audit_entry (id, at, action, actor_employee_id, outcome, event_id, effect_id, trace_id, shard, n, payload_hash, hash)
  VALUES (v_id, v_at, p_action, p_actor, p_outcome, p_event, p_effect, p_trace, v_head.shard, v_head.n + 1, v_payload, v_hash);
  INSERT INTO audit_payload (audit_entry_id, salt, body) VALUES (v_id, p_salt, p_body);
  UPDATE audit_head SET n = n + 1, hash = v_hash WHERE id = v_head.id;
  RETURN v_head.shard;
END $$;

-- Entries from before the chains become the beginning of chain 0.
DO $$
DECLARE r audit_entry; v_n bigint := 0; v_prev bytea := '\x'; v_salt bytea; v_body text; v_payload bytea;
BEGIN
  FOR r IN SELECT * FROM audit_entry ORDER BY seq LOOP
    v_n := v_n + 1;
    v_salt := uuid_send(gen_random_uuid());
    v_body := jsonb_build_object('actor', r.actor_name, 'subject', r.subject, 'details', r.details)::text;
    v_payload := sha256(v_salt || convert_to(v_body, 'UTF8'));
    v_prev := audit_link(v_prev, r.id, 0::smallint, v_n, r.at, r.action, r.actor_employee_id, r.outcome, r.event_id, r.effect_id,
                         r.trace_id, v_payload);
    UPDATE audit_entry SET shard = 0, n = v_n, payload_hash = v_payload, hash = v_prev WHERE id = r.id;
    INSERT INTO audit_payload (audit_entry_id, salt, body) VALUES (r.id, v_salt, v_body);
  END LOOP;
  UPDATE audit_head SET n = v_n, hash = v_prev WHERE shard = 0;
END $$;
ALTER TABLE audit_entry DROP COLUMN actor_name, DROP COLUMN subject, DROP COLUMN details;
ALTER TABLE audit_entry ALTER COLUMN shard SET NOT NULL, ALTER COLUMN n SET NOT NULL, ALTER COLUMN payload_hash SET NOT NULL,
  ALTER COLUMN hash SET NOT NULL, ADD UNIQUE (shard, n);
ALTER TABLE audit_payload ADD FOREIGN KEY (audit_entry_id) REFERENCES audit_entry (id);
CREATE INDEX audit_entry_event ON audit_entry (event_id);
CREATE INDEX audit_entry_effect ON audit_entry (effect_id);

-- Erase the words of one entry: the chain stays whole, and the erasure is an entry of its own.
CREATE FUNCTION audit_erase(p_entry uuid, p_actor uuid, p_salt bytea, p_body text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  DELETE FROM audit_payload WHERE audit_entry_id = p_entry;
  PERFORM audit_append(NULL, 'audit.erase', p_actor, p_entry::text, NULL, NULL, NULL, p_salt, p_body);
END $$;

-- The application adds through the functions above and can do nothing else to the audit.
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_entry, audit_payload, audit_head FROM jarvis_app;
REVOKE ALL ON FUNCTION audit_append, audit_erase FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append, audit_erase TO jarvis_app;
REVOKE DELETE, TRUNCATE ON approval, approval_item, approval_vote, approval_history FROM jarvis_app;
