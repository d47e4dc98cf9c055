-- Engine ------------------------------------------------------------------------------------------------------------

-- One row: the offset of business time from real time, moved by the demo and by tests.
CREATE TABLE clock_setting (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE CHECK (name = 'business'),
  offset_s double precision NOT NULL DEFAULT 0
);
INSERT INTO clock_setting (name) VALUES ('business');

CREATE TABLE event (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  source text NOT NULL,
  kind text NOT NULL,
  dedup_key text NOT NULL,
  body_digest text,
  ordering_key text,
  body bytea,
  payload jsonb,
  state text NOT NULL DEFAULT 'received'
    CHECK (state IN ('received', 'claimed', 'done', 'dead', 'parked', 'duplicate')),
  received_at timestamptz NOT NULL DEFAULT now(),
  available_at timestamptz NOT NULL DEFAULT now(),
  claimed_by text,
  started_at timestamptz,
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  finished_at timestamptz,
  cause text,
  trace_id text NOT NULL,
  parent_event_id uuid REFERENCES event (id),
  duplicate_of_event_id uuid REFERENCES event (id),
  dry boolean NOT NULL DEFAULT false,
  UNIQUE (source, dedup_key)
);
CREATE INDEX event_ready ON event (seq) WHERE state = 'received';
CREATE INDEX event_open_key ON event (ordering_key, seq) WHERE state IN ('received', 'claimed');
CREATE INDEX event_leased ON event (lease_until) WHERE state = 'claimed';
CREATE INDEX event_digest ON event (body_digest, received_at) WHERE body_digest IS NOT NULL;
CREATE INDEX event_recent ON event (received_at DESC);
CREATE INDEX event_parent ON event (parent_event_id) WHERE parent_event_id IS NOT NULL;

-- Accept one event; returns its id and whether it was known already. The advisory lock makes seq follow
-- the order of commits within one ordering key.
CREATE FUNCTION event_accept(
  p_source text, p_kind text, p_dedup text, p_key text, p_body bytea, p_payload jsonb, p_trace text, p_parent uuid
) RETURNS TABLE (event_id uuid, fresh boolean) LANGUAGE plpgsql AS $$
DECLARE v_id uuid;
BEGIN
  IF p_key IS NOT NULL THEN PERFORM pg_advisory_xact_lock(hashtextextended(p_key, 1)); END IF;
  INSERT INTO event (source, kind, dedup_key, ordering_key, body, payload, trace_id, parent_event_id)
  VALUES (p_source, p_kind, p_dedup, p_key, p_body, p_payload, p_trace, p_parent)
  ON CONFLICT (source, dedup_key) DO NOTHING RETURNING id INTO v_id;
  IF v_id IS NOT NULL THEN RETURN QUERY SELECT v_id, true; RETURN; END IF;
  RETURN QUERY SELECT e.id, false FROM event e WHERE e.source = p_source AND e.dedup_key = p_dedup;
END $$;

-- The same for senders that give no delivery id: an equal body within the window is kept as a duplicate.
CREATE FUNCTION event_accept_windowed(
  p_source text, p_kind text, p_digest text, p_key text, p_body bytea, p_trace text, p_window interval
) RETURNS TABLE (event_id uuid, original_id uuid) LANGUAGE plpgsql AS $$
DECLARE v_id uuid := gen_random_uuid(); v_first uuid;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(coalesce(p_key, p_digest), 1));
  SELECT e.id INTO v_first FROM event e
   WHERE e.body_digest = p_digest AND e.source = p_source AND e.duplicate_of_event_id IS NULL
     AND e.received_at > now() - p_window
   ORDER BY e.seq DESC LIMIT 1;
  INSERT INTO event (id, source, kind, dedup_key, body_digest, ordering_key, body, trace_id, state,
                     duplicate_of_event_id, finished_at)
  VALUES (v_id, p_source, p_kind, p_digest || ':' || v_id, p_digest, p_key, p_body, p_trace,
          CASE WHEN v_first IS NULL THEN 'received' ELSE 'duplicate' END, v_first,
          CASE WHEN v_first IS NULL THEN NULL ELSE now() END);
  RETURN QUERY SELECT v_id, v_first;
END $$;

CREATE TABLE effect (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  kind text NOT NULL,
  system text NOT NULL,
  target text NOT NULL,
  idempotency_key text NOT NULL UNIQUE,
  ordering_key text,
  lane smallint NOT NULL DEFAULT 1 CHECK (lane IN (0, 1, 2)),
  args jsonb NOT NULL,
  state text NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'claimed', 'done', 'dead', 'unknown', 'shadow', 'dropped')),
  requested_at timestamptz NOT NULL DEFAULT now(),
  next_at timestamptz NOT NULL DEFAULT now(),
  claimed_by text,
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  finished_at timestamptz,
  receipt jsonb,
  cause text,
  event_id uuid REFERENCES event (id),
  trace_id text NOT NULL
);
CREATE INDEX effect_ready ON effect (system, lane, seq) WHERE state = 'pending';
CREATE INDEX effect_open_key ON effect (ordering_key, seq) WHERE state IN ('pending', 'claimed');
CREATE INDEX effect_leased ON effect (lease_until) WHERE state = 'claimed';
CREATE INDEX effect_event ON effect (event_id);

-- Generic cell rate algorithm: `tat` is the theoretical arrival time of the next call.
CREATE TABLE rate_limit (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE,
  tat timestamptz NOT NULL
);
-- Take one call of `p_every` from `p_name`, allowing `p_burst` at once. Returns seconds to wait; 0 = taken.
CREATE FUNCTION rate_take(p_name text, p_every interval, p_burst integer) RETURNS double precision
LANGUAGE plpgsql AS $$
DECLARE v_now timestamptz := clock_timestamp(); v_tat timestamptz; v_wait double precision;
BEGIN
  INSERT INTO rate_limit (name, tat) VALUES (p_name, v_now) ON CONFLICT (name) DO NOTHING;
  SELECT r.tat INTO v_tat FROM rate_limit r WHERE r.name = p_name FOR UPDATE;
  v_now := clock_timestamp();
  v_tat := greatest(v_tat, v_now);
  v_wait := extract(epoch FROM (v_tat - p_every * (p_burst - 1)) - v_now);
  IF v_wait > 0 THEN RETURN v_wait; END IF;
  UPDATE rate_limit SET tat = v_tat + p_every WHERE name = p_name;
  RETURN 0;
END $$;

CREATE TABLE lease (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE,
  holder text NOT NULL,
  fence bigint NOT NULL DEFAULT 1,
  held_until timestamptz NOT NULL
);

CREATE TABLE slot (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  check_name text NOT NULL,
  due_at timestamptz NOT NULL,
  event_id uuid REFERENCES event (id),
  UNIQUE (check_name, due_at)
);

CREATE TABLE timer (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL,
  subject text NOT NULL,
  due_at timestamptz NOT NULL,
  payload jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'armed' CHECK (state IN ('armed', 'fired', 'cancelled')),
  event_id uuid REFERENCES event (id),
  fence bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX timer_armed ON timer (kind, subject) WHERE state = 'armed';
CREATE INDEX timer_due ON timer (due_at) WHERE state = 'armed';

CREATE TABLE job (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL,
  dedup_key text NOT NULL UNIQUE,
  queue text NOT NULL DEFAULT 'short',
  args jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'dead')),
  created_at timestamptz NOT NULL DEFAULT now(),
  available_at timestamptz NOT NULL DEFAULT now(),
  deadline_s integer NOT NULL DEFAULT 300,
  rung_at timestamptz,
  started_at timestamptz,
  heartbeat_at timestamptz,
  finished_at timestamptz,
  attempt integer NOT NULL DEFAULT 0,
  max_attempts integer NOT NULL DEFAULT 5,
  progress jsonb,
  result jsonb,
  cause text,
  event_id uuid REFERENCES event (id),
  trace_id text NOT NULL
);
CREATE INDEX job_open ON job (state, available_at) WHERE state IN ('queued', 'running');

CREATE TABLE source_state (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE,
  last_ok_at timestamptz,
  failing_since timestamptz,
  reason text
);

-- People ------------------------------------------------------------------------------------------------------------

CREATE TABLE branch (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  code text NOT NULL UNIQUE,
  name_ru text NOT NULL,
  name_en text NOT NULL,
  name_ka text NOT NULL,
  rents boolean NOT NULL DEFAULT true
);

CREATE TABLE employee (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('employee', 'branch_head', 'department_head', 'director', 'sales', 'marketing',
                                     'accountant', 'mechanic', 'admin', 'prompt_engineer')),
  home_branch_id uuid REFERENCES branch (id),
  all_branches boolean NOT NULL DEFAULT false,
  department text,
  manager_employee_id uuid REFERENCES employee (id),
  language text NOT NULL DEFAULT 'ru' CHECK (language IN ('ru', 'en', 'ka')),
  digest_hour smallint CHECK (digest_hour BETWEEN 0 AND 23),
  muted boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  dismissed_at timestamptz
);
CREATE UNIQUE INDEX employee_name ON employee (name) WHERE dismissed_at IS NULL;

CREATE TABLE employee_scope (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  employee_id uuid NOT NULL REFERENCES employee (id),
  branch_id uuid NOT NULL REFERENCES branch (id),
  UNIQUE (employee_id, branch_id)
);

-- Who a person is elsewhere: system 'telegram' (user id) or 'rentprog' (user id). Bound by an admin only.
CREATE TABLE employee_identity (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  employee_id uuid NOT NULL REFERENCES employee (id),
  system text NOT NULL,
  external_key text NOT NULL,
  bound_at timestamptz NOT NULL DEFAULT now(),
  bound_by_employee_id uuid REFERENCES employee (id),
  UNIQUE (system, external_key)
);

CREATE TABLE employee_invite (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  employee_id uuid NOT NULL REFERENCES employee (id),
  token_digest text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  claimed_at timestamptz,
  claimed_by_key text,
  decided_at timestamptz,
  accepted boolean,
  decided_by_employee_id uuid REFERENCES employee (id)
);

-- People known only from RentProg's bookings, until somebody binds them.
CREATE TABLE rentprog_worker (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  external_key text NOT NULL UNIQUE,
  name text,
  seen_at timestamptz NOT NULL DEFAULT now()
);

-- Fleet, clients, bookings ------------------------------------------------------------------------------------------

CREATE TABLE external_ref (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  system text NOT NULL,
  kind text NOT NULL,
  external_key text NOT NULL,
  subject_id uuid NOT NULL,
  UNIQUE (system, kind, external_key)
);
CREATE INDEX external_ref_subject ON external_ref (subject_id);

CREATE TABLE car (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  branch_id uuid REFERENCES branch (id),
  name text,
  code text,
  plate text,
  plate_key text,
  vin text,
  year integer,
  color text,
  car_class text,
  transmission text,
  fuel text,
  seats integer,
  mileage_km integer,
  state integer,
  clean boolean,
  active boolean NOT NULL DEFAULT true,
  deposit_minor bigint,
  currency text NOT NULL DEFAULT 'GEL',
  store_place text,
  deleted_at timestamptz,
  source_at timestamptz NOT NULL,
  raw jsonb
);
CREATE INDEX car_plate ON car (plate_key);
CREATE INDEX car_branch ON car (branch_id);

-- One row a stay of a car in a branch.
CREATE TABLE car_placement (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  car_id uuid NOT NULL REFERENCES car (id),
  branch_id uuid NOT NULL REFERENCES branch (id),
  from_at timestamptz NOT NULL,
  until_at timestamptz
);
CREATE UNIQUE INDEX car_placement_open ON car_placement (car_id) WHERE until_at IS NULL;

CREATE TABLE client (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  first_name text,
  last_name text,
  middle_name text,
  phone text,
  phone_key text,
  email text,
  category text,
  language text,
  deleted_at timestamptz,
  source_at timestamptz NOT NULL,
  raw jsonb
);
CREATE INDEX client_phone ON client (phone_key);

CREATE TABLE booking (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  number bigint,
  branch_id uuid REFERENCES branch (id),
  car_id uuid REFERENCES car (id),
  client_id uuid REFERENCES client (id),
  car_key text,
  client_key text,
  start_at timestamptz,
  end_at timestamptz,
  place_start text,
  place_end text,
  state_raw text,
  status text NOT NULL DEFAULT 'planned'
    CHECK (status IN ('planned', 'in_rent', 'done', 'cancelled')),
  active boolean NOT NULL DEFAULT true,
  in_rent boolean NOT NULL DEFAULT false,
  archive boolean NOT NULL DEFAULT false,
  purpose text NOT NULL DEFAULT 'rental' CHECK (purpose IN ('rental', 'repair', 'staff_trip')),
  purpose_from text NOT NULL DEFAULT 'default' CHECK (purpose_from IN ('flags', 'names', 'default')),
  days integer,
  price_minor bigint,
  rental_minor bigint,
  total_minor bigint,
  deposit_minor bigint,
  delivery_minor bigint,
  currency text NOT NULL DEFAULT 'GEL',
  source_name text,
  description text,
  responsible_key text,
  responsible_name text,
  start_worker_key text,
  end_worker_key text,
  deleted_at timestamptz,
  source_at timestamptz NOT NULL,
  raw jsonb
);
CREATE INDEX booking_car ON booking (car_id, start_at);
CREATE INDEX booking_window ON booking (start_at, end_at);
CREATE INDEX booking_number ON booking (number);
CREATE INDEX booking_client ON booking (client_id);
CREATE INDEX booking_orphan_car ON booking (car_key) WHERE car_id IS NULL;
CREATE INDEX booking_orphan_client ON booking (client_key) WHERE client_id IS NULL;

-- What RentProg last said a client owes (debt) or will pay at pick-up (due); replaced as one set by each read.
CREATE TABLE receivable (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  booking_id uuid REFERENCES booking (id),
  client_id uuid REFERENCES client (id),
  branch_id uuid REFERENCES branch (id),
  booking_key text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('debt', 'due')),
  amount_minor bigint NOT NULL,
  currency text NOT NULL,
  since_at timestamptz,
  source_at timestamptz NOT NULL,
  UNIQUE (booking_key, kind, currency)
);

CREATE TABLE timeline_entry (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  subject_kind text NOT NULL CHECK (subject_kind IN ('car', 'booking', 'client')),
  subject_id uuid NOT NULL,
  kind text NOT NULL,
  happened_at timestamptz NOT NULL,
  summary text NOT NULL,
  event_id uuid REFERENCES event (id),
  dedup_key text NOT NULL UNIQUE
);
CREATE INDEX timeline_subject ON timeline_entry (subject_id, happened_at);

CREATE TABLE sync_run (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL,
  branch_id uuid REFERENCES branch (id),
  job_id uuid REFERENCES job (id),
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'ok', 'partial', 'failed')),
  started_at timestamptz NOT NULL DEFAULT now(),
  deadline_at timestamptz NOT NULL,
  heartbeat_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  page_cursor integer NOT NULL DEFAULT 0,
  read_count integer NOT NULL DEFAULT 0,
  saved_count integer NOT NULL DEFAULT 0,
  rejected_count integer NOT NULL DEFAULT 0,
  cause text
);
CREATE INDEX sync_run_recent ON sync_run (kind, branch_id, started_at DESC);

CREATE TABLE sync_rejection (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  sync_run_id uuid NOT NULL REFERENCES sync_run (id),
  external_key text,
  reason text NOT NULL,
  raw jsonb
);

CREATE TABLE media (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  storage_key text NOT NULL UNIQUE,
  sha256 text NOT NULL,
  size_bytes bigint NOT NULL,
  content_type text NOT NULL,
  sent_by_employee_id uuid REFERENCES employee (id),
  event_id uuid REFERENCES event (id),
  stored_at timestamptz NOT NULL DEFAULT now()
);

-- Conversations -----------------------------------------------------------------------------------------------------

CREATE TABLE conversation (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  employee_id uuid NOT NULL REFERENCES employee (id),
  place text NOT NULL,
  started_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  tainted boolean NOT NULL DEFAULT false,
  taint_reason text,
  closed_at timestamptz,
  forgotten_at timestamptz
);
CREATE UNIQUE INDEX conversation_open ON conversation (employee_id, place) WHERE closed_at IS NULL;

CREATE TABLE agent_run (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  conversation_id uuid NOT NULL REFERENCES conversation (id),
  event_id uuid NOT NULL UNIQUE REFERENCES event (id),
  employee_id uuid NOT NULL REFERENCES employee (id),
  request_text text,
  language text NOT NULL,
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'answered', 'asked', 'refused', 'failed')),
  roles text,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  answer_text text,
  answer_buttons jsonb,
  offline boolean NOT NULL DEFAULT false,
  model_calls integer NOT NULL DEFAULT 0,
  input_tokens bigint NOT NULL DEFAULT 0,
  output_tokens bigint NOT NULL DEFAULT 0,
  cost_minor bigint NOT NULL DEFAULT 0,
  currency text NOT NULL DEFAULT 'USD',
  trace_id text NOT NULL,
  cause text
);
CREATE INDEX agent_run_conversation ON agent_run (conversation_id, started_at);

CREATE TABLE agent_step (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  agent_run_id uuid NOT NULL REFERENCES agent_run (id),
  ordinal integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('route', 'model', 'tool', 'refused', 'dropped', 'answer', 'error')),
  role text,
  name text NOT NULL,
  arguments jsonb,
  outcome text,
  prompt_version text,
  prompt_hash text,
  offset_ms integer NOT NULL,
  duration_ms integer NOT NULL,
  UNIQUE (agent_run_id, ordinal)
);

-- Append-only history of what the models read and wrote, one row a run and role.
CREATE TABLE agent_message (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  conversation_id uuid NOT NULL REFERENCES conversation (id),
  agent_run_id uuid NOT NULL REFERENCES agent_run (id),
  role text NOT NULL,
  messages jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX agent_message_conversation ON agent_message (conversation_id, seq);

CREATE TABLE interaction (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  token text NOT NULL UNIQUE,
  kind text NOT NULL,
  choice text NOT NULL,
  group_key text NOT NULL,
  ordinal integer NOT NULL,
  allowed_employee_id uuid REFERENCES employee (id),
  conversation_id uuid REFERENCES conversation (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  used_by_employee_id uuid REFERENCES employee (id)
);
CREATE UNIQUE INDEX interaction_group ON interaction (group_key, ordinal);

CREATE TABLE problem_report (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  employee_id uuid NOT NULL REFERENCES employee (id),
  trace_id text NOT NULL,
  text text,
  reported_at timestamptz NOT NULL
);

-- Telegram ----------------------------------------------------------------------------------------------------------

CREATE TABLE telegram_session (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE,
  dc integer NOT NULL,
  host text NOT NULL,
  port integer NOT NULL,
  auth_key bytea,
  fence bigint NOT NULL DEFAULT 0
);

CREATE TABLE telegram_entity (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  session_id uuid NOT NULL REFERENCES telegram_session (id),
  marked_id bigint NOT NULL,
  access_hash bigint NOT NULL,
  username text,
  phone text,
  name text,
  UNIQUE (session_id, marked_id)
);

CREATE TABLE telegram_update_state (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  session_id uuid NOT NULL REFERENCES telegram_session (id),
  entity bigint NOT NULL,
  pts integer NOT NULL,
  qts integer NOT NULL,
  at timestamptz NOT NULL,
  seq integer NOT NULL,
  UNIQUE (session_id, entity)
);

CREATE TABLE chat (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  marked_id bigint NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('private', 'group')),
  title text,
  last_seen_message bigint NOT NULL DEFAULT 0,
  seen_at timestamptz NOT NULL
);

-- Audit -------------------------------------------------------------------------------------------------------------

CREATE TABLE audit_entry (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  at timestamptz NOT NULL DEFAULT now(),
  action text NOT NULL,
  actor_employee_id uuid REFERENCES employee (id),
  actor_name text NOT NULL,
  subject text,
  outcome text NOT NULL,
  event_id uuid REFERENCES event (id),
  effect_id uuid REFERENCES effect (id),
  trace_id text,
  details jsonb
);

-- The application's role: no schema changes, the audit only grows.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jarvis_app') THEN CREATE ROLE jarvis_app NOLOGIN; END IF;
END $$;
GRANT USAGE ON SCHEMA public TO jarvis_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO jarvis_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO jarvis_app;
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry FROM jarvis_app;
REVOKE UPDATE, DELETE, TRUNCATE ON agent_message FROM jarvis_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO jarvis_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO jarvis_app;

-- The four branches (domain: the company). "Rustavi" in old papers is the service centre.
INSERT INTO branch (code, name_ru, name_en, name_ka, rents) VALUES
  ('tbilisi', 'Тбилиси', 'Tbilisi', 'თბილისი', true),
  ('batumi', 'Батуми', 'Batumi', 'ბათუმი', true),
  ('kutaisi', 'Кутаиси', 'Kutaisi', 'ქუთაისი', true),
  ('service-center', 'Сервисный центр', 'Service centre', 'სერვისცენტრი', false);
