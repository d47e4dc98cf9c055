-- The lists become CHECKs again. A name that was added to a look-up table since has no place in them: it is refused, not dropped.
DO $$
DECLARE v_list record; v_new text;
BEGIN
  FOR v_list IN SELECT * FROM (VALUES
    ('language', ARRAY['ru', 'en', 'ka']),
    ('employee_role', ARRAY['employee', 'branch_head', 'department_head', 'director', 'sales', 'marketing', 'accountant', 'mechanic', 'admin', 'prompt_engineer']),
    ('timer_state', ARRAY['armed', 'fired', 'cancelled']),
    ('booking_status', ARRAY['planned', 'in_rent', 'done', 'cancelled']),
    ('booking_purpose', ARRAY['rental', 'repair', 'staff_trip']),
    ('booking_purpose_source', ARRAY['flags', 'names', 'default']),
    ('receivable_kind', ARRAY['debt', 'due']),
    ('timeline_subject_kind', ARRAY['car', 'booking', 'client']),
    ('sync_run_state', ARRAY['running', 'ok', 'partial', 'failed']),
    ('agent_run_state', ARRAY['running', 'answered', 'asked', 'refused', 'failed']),
    ('agent_step_kind', ARRAY['route', 'model', 'tool', 'refused', 'dropped', 'answer', 'error']),
    ('event_route_state', ARRAY['asked', 'routed', 'ignored']),
    ('approval_state', ARRAY['waiting', 'approved', 'declined', 'expired', 'void']),
    ('switch_scope', ARRAY['all', 'agent', 'tool', 'branch', 'effect']),
    ('switch_mode', ARRAY['on', 'read_only', 'shadow', 'off']),
    ('chat_kind', ARRAY['private', 'group']),
    ('chat_purpose', ARRAY['branch_forum', 'archive', 'hq', 'leaders', 'sales', 'marketing', 'personal', 'tasks']),
    ('topic_purpose', ARRAY['branch_forum', 'archive', 'hq', 'personal', 'tasks']),
    ('topic_state', ARRAY['making', 'open', 'leaving', 'closed', 'gone']),
    ('media_operation', ARRAY['issue', 'return', 'damage', 'other']),
    ('media_set_state', ARRAY['open', 'filing', 'filed']),
    ('media_item_state', ARRAY['taken', 'stored', 'removed', 'refused']),
    ('form_state', ARRAY['open', 'done', 'cancelled']),
    ('form_item_state', ARRAY['missing', 'received', 'rejected', 'waived']),
    ('form_expectation', ARRAY['answer', 'waive']),
    ('subscription_mode', ARRAY['instant', 'digest', 'off']),
    ('task_status', ARRAY['todo', 'done'])
  ) AS l (name, known) LOOP
    EXECUTE format('SELECT string_agg(name, '', '' ORDER BY name) FROM %I WHERE name <> ALL ($1)', v_list.name)
       INTO v_new USING v_list.known;
    IF v_new IS NOT NULL THEN
      RAISE EXCEPTION '% holds %, which the CHECK of before does not know; change the rows that use it, delete it there, and repeat',
        v_list.name, v_new;
    END IF;
  END LOOP;
END $$;

ALTER TABLE employee
  DROP CONSTRAINT employee_language_fkey,
  DROP CONSTRAINT employee_role_fkey,
  ADD CONSTRAINT employee_language_check CHECK (language IN ('ru', 'en', 'ka')),
  ADD CONSTRAINT employee_role_check
    CHECK (role IN ('employee', 'branch_head', 'department_head', 'director', 'sales', 'marketing',
                    'accountant', 'mechanic', 'admin', 'prompt_engineer'));
ALTER TABLE timer
  DROP CONSTRAINT timer_state_fkey,
  ADD CONSTRAINT timer_state_check CHECK (state IN ('armed', 'fired', 'cancelled'));
ALTER TABLE booking
  DROP CONSTRAINT booking_status_fkey,
  DROP CONSTRAINT booking_purpose_fkey,
  DROP CONSTRAINT booking_purpose_from_fkey,
  ADD CONSTRAINT booking_status_check CHECK (status IN ('planned', 'in_rent', 'done', 'cancelled')),
  ADD CONSTRAINT booking_purpose_check CHECK (purpose IN ('rental', 'repair', 'staff_trip')),
  ADD CONSTRAINT booking_purpose_from_check CHECK (purpose_from IN ('flags', 'names', 'default'));
ALTER TABLE receivable
  DROP CONSTRAINT receivable_kind_fkey,
  ADD CONSTRAINT receivable_kind_check CHECK (kind IN ('debt', 'due'));
ALTER TABLE timeline_entry
  DROP CONSTRAINT timeline_entry_subject_kind_fkey,
  ADD CONSTRAINT timeline_entry_subject_kind_check CHECK (subject_kind IN ('car', 'booking', 'client'));
ALTER TABLE sync_run
  DROP CONSTRAINT sync_run_state_fkey,
  ADD CONSTRAINT sync_run_state_check CHECK (state IN ('running', 'ok', 'partial', 'failed'));
ALTER TABLE agent_run
  DROP CONSTRAINT agent_run_state_fkey,
  ADD CONSTRAINT agent_run_state_check CHECK (state IN ('running', 'answered', 'asked', 'refused', 'failed'));
ALTER TABLE agent_step
  DROP CONSTRAINT agent_step_kind_fkey,
  ADD CONSTRAINT agent_step_kind_check
    CHECK (kind IN ('route', 'model', 'tool', 'refused', 'dropped', 'answer', 'error'));
ALTER TABLE event_route
  DROP CONSTRAINT event_route_state_fkey,
  ADD CONSTRAINT event_route_state_check CHECK (state IN ('asked', 'routed', 'ignored'));
ALTER TABLE approval
  DROP CONSTRAINT approval_state_fkey,
  ADD CONSTRAINT approval_state_check CHECK (state IN ('waiting', 'approved', 'declined', 'expired', 'void'));
ALTER TABLE switch
  DROP CONSTRAINT switch_scope_fkey,
  DROP CONSTRAINT switch_mode_fkey,
  ADD CONSTRAINT switch_scope_check CHECK (scope IN ('all', 'agent', 'tool', 'branch', 'effect')),
  ADD CONSTRAINT switch_mode_check CHECK (mode IN ('on', 'read_only', 'shadow', 'off'));
ALTER TABLE chat
  DROP CONSTRAINT chat_kind_fkey,
  DROP CONSTRAINT chat_purpose_fkey,
  ADD CONSTRAINT chat_kind_check CHECK (kind IN ('private', 'group')),
  ADD CONSTRAINT chat_purpose_check
    CHECK (purpose IN ('branch_forum', 'archive', 'hq', 'leaders', 'sales', 'marketing', 'personal', 'tasks'));
ALTER TABLE topic
  DROP CONSTRAINT topic_purpose_fkey,
  DROP CONSTRAINT topic_state_fkey,
  ADD CONSTRAINT topic_purpose_check CHECK (purpose IN ('branch_forum', 'archive', 'hq', 'personal', 'tasks')),
  ADD CONSTRAINT topic_state_check CHECK (state IN ('making', 'open', 'leaving', 'closed', 'gone'));
ALTER TABLE media_set
  DROP CONSTRAINT media_set_operation_fkey,
  DROP CONSTRAINT media_set_state_fkey,
  ADD CONSTRAINT media_set_operation_check CHECK (operation IN ('issue', 'return', 'damage', 'other')),
  ADD CONSTRAINT media_set_state_check CHECK (state IN ('open', 'filing', 'filed'));
ALTER TABLE media_item
  DROP CONSTRAINT media_item_state_fkey,
  ADD CONSTRAINT media_item_state_check CHECK (state IN ('taken', 'stored', 'removed', 'refused'));
ALTER TABLE form
  DROP CONSTRAINT form_state_fkey,
  DROP CONSTRAINT form_expects_fkey,
  ADD CONSTRAINT form_state_check CHECK (state IN ('open', 'done', 'cancelled')),
  ADD CONSTRAINT form_expects_check CHECK (expects IN ('answer', 'waive'));
ALTER TABLE form_item
  DROP CONSTRAINT form_item_state_fkey,
  ADD CONSTRAINT form_item_state_check CHECK (state IN ('missing', 'received', 'rejected', 'waived'));
ALTER TABLE subscription
  DROP CONSTRAINT subscription_mode_fkey,
  ADD CONSTRAINT subscription_mode_check CHECK (mode IN ('instant', 'digest', 'off'));
ALTER TABLE task
  DROP CONSTRAINT task_status_fkey,
  ADD CONSTRAINT task_status_check CHECK (status IN ('todo', 'done'));

DROP TABLE
  language, employee_role, timer_state, booking_status, booking_purpose, booking_purpose_source,
  receivable_kind, timeline_subject_kind, sync_run_state, agent_run_state, agent_step_kind, event_route_state,
  approval_state, switch_scope, switch_mode, chat_kind, chat_purpose, topic_purpose, topic_state,
  media_operation, media_set_state, media_item_state, form_state, form_item_state, form_expectation,
  subscription_mode, task_status;
