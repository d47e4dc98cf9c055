-- Closed lists are look-up tables (docs/adr/0026): a new role, purpose or mode is one INSERT here, by a later migration or by the owner.
-- What stays a CHECK: states of event, effect and job, lanes and classes of effects (hot), and rules between columns.
CREATE TABLE language (name text PRIMARY KEY);
INSERT INTO language VALUES ('ru'), ('en'), ('ka');
CREATE TABLE employee_role (name text PRIMARY KEY);
INSERT INTO employee_role VALUES
  ('employee'), ('branch_head'), ('department_head'), ('director'), ('sales'), ('marketing'), ('accountant'),
  ('mechanic'), ('admin'), ('prompt_engineer');
CREATE TABLE timer_state (name text PRIMARY KEY);
INSERT INTO timer_state VALUES ('armed'), ('fired'), ('cancelled');
CREATE TABLE booking_status (name text PRIMARY KEY);
INSERT INTO booking_status VALUES ('planned'), ('in_rent'), ('done'), ('cancelled');
CREATE TABLE booking_purpose (name text PRIMARY KEY);
INSERT INTO booking_purpose VALUES ('rental'), ('repair'), ('staff_trip');
CREATE TABLE booking_purpose_source (name text PRIMARY KEY);
INSERT INTO booking_purpose_source VALUES ('flags'), ('names'), ('default');
CREATE TABLE receivable_kind (name text PRIMARY KEY);
INSERT INTO receivable_kind VALUES ('debt'), ('due');
CREATE TABLE timeline_subject_kind (name text PRIMARY KEY);
INSERT INTO timeline_subject_kind VALUES ('car'), ('booking'), ('client');
CREATE TABLE sync_run_state (name text PRIMARY KEY);
INSERT INTO sync_run_state VALUES ('running'), ('ok'), ('partial'), ('failed');
CREATE TABLE agent_run_state (name text PRIMARY KEY);
INSERT INTO agent_run_state VALUES ('running'), ('answered'), ('asked'), ('refused'), ('failed');
CREATE TABLE agent_step_kind (name text PRIMARY KEY);
INSERT INTO agent_step_kind VALUES ('route'), ('model'), ('tool'), ('refused'), ('dropped'), ('answer'), ('error');
CREATE TABLE event_route_state (name text PRIMARY KEY);
INSERT INTO event_route_state VALUES ('asked'), ('routed'), ('ignored');
CREATE TABLE approval_state (name text PRIMARY KEY);
INSERT INTO approval_state VALUES ('waiting'), ('approved'), ('declined'), ('expired'), ('void');
CREATE TABLE switch_scope (name text PRIMARY KEY);
INSERT INTO switch_scope VALUES ('all'), ('agent'), ('tool'), ('branch'), ('effect');
CREATE TABLE switch_mode (name text PRIMARY KEY);
INSERT INTO switch_mode VALUES ('on'), ('read_only'), ('shadow'), ('off');
CREATE TABLE chat_kind (name text PRIMARY KEY);
INSERT INTO chat_kind VALUES ('private'), ('group');
CREATE TABLE chat_purpose (name text PRIMARY KEY);
INSERT INTO chat_purpose VALUES
  ('branch_forum'), ('archive'), ('hq'), ('leaders'), ('sales'), ('marketing'), ('personal'), ('tasks');
CREATE TABLE topic_purpose (name text PRIMARY KEY);
INSERT INTO topic_purpose VALUES ('branch_forum'), ('archive'), ('hq'), ('personal'), ('tasks');
CREATE TABLE topic_state (name text PRIMARY KEY);
INSERT INTO topic_state VALUES ('making'), ('open'), ('leaving'), ('closed'), ('gone');
CREATE TABLE media_operation (name text PRIMARY KEY);
INSERT INTO media_operation VALUES ('issue'), ('return'), ('damage'), ('other');
CREATE TABLE media_set_state (name text PRIMARY KEY);
INSERT INTO media_set_state VALUES ('open'), ('filing'), ('filed');
CREATE TABLE media_item_state (name text PRIMARY KEY);
INSERT INTO media_item_state VALUES ('taken'), ('stored'), ('removed'), ('refused');
CREATE TABLE form_state (name text PRIMARY KEY);
INSERT INTO form_state VALUES ('open'), ('done'), ('cancelled');
CREATE TABLE form_item_state (name text PRIMARY KEY);
INSERT INTO form_item_state VALUES ('missing'), ('received'), ('rejected'), ('waived');
CREATE TABLE form_expectation (name text PRIMARY KEY);
INSERT INTO form_expectation VALUES ('answer'), ('waive');
CREATE TABLE subscription_mode (name text PRIMARY KEY);
INSERT INTO subscription_mode VALUES ('instant'), ('digest'), ('off');
CREATE TABLE task_status (name text PRIMARY KEY);
INSERT INTO task_status VALUES ('todo'), ('done');

-- The application reads them; only the owner adds to them.
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON
  language, employee_role, timer_state, booking_status, booking_purpose, booking_purpose_source,
  receivable_kind, timeline_subject_kind, sync_run_state, agent_run_state, agent_step_kind, event_route_state,
  approval_state, switch_scope, switch_mode, chat_kind, chat_purpose, topic_purpose, topic_state,
  media_operation, media_set_state, media_item_state, form_state, form_item_state, form_expectation,
  subscription_mode, task_status
FROM jarvis_app;

ALTER TABLE employee
  DROP CONSTRAINT employee_language_check,
  DROP CONSTRAINT employee_role_check,
  ADD FOREIGN KEY (language) REFERENCES language (name),
  ADD FOREIGN KEY (role) REFERENCES employee_role (name);
ALTER TABLE timer
  DROP CONSTRAINT timer_state_check,
  ADD FOREIGN KEY (state) REFERENCES timer_state (name);
ALTER TABLE booking
  DROP CONSTRAINT booking_status_check,
  DROP CONSTRAINT booking_purpose_check,
  DROP CONSTRAINT booking_purpose_from_check,
  ADD FOREIGN KEY (status) REFERENCES booking_status (name),
  ADD FOREIGN KEY (purpose) REFERENCES booking_purpose (name),
  ADD FOREIGN KEY (purpose_from) REFERENCES booking_purpose_source (name);
ALTER TABLE receivable
  DROP CONSTRAINT receivable_kind_check,
  ADD FOREIGN KEY (kind) REFERENCES receivable_kind (name);
ALTER TABLE timeline_entry
  DROP CONSTRAINT timeline_entry_subject_kind_check,
  ADD FOREIGN KEY (subject_kind) REFERENCES timeline_subject_kind (name);
ALTER TABLE sync_run
  DROP CONSTRAINT sync_run_state_check,
  ADD FOREIGN KEY (state) REFERENCES sync_run_state (name);
ALTER TABLE agent_run
  DROP CONSTRAINT agent_run_state_check,
  ADD FOREIGN KEY (state) REFERENCES agent_run_state (name);
ALTER TABLE agent_step
  DROP CONSTRAINT agent_step_kind_check,
  ADD FOREIGN KEY (kind) REFERENCES agent_step_kind (name);
ALTER TABLE event_route
  DROP CONSTRAINT event_route_state_check,
  ADD FOREIGN KEY (state) REFERENCES event_route_state (name);
ALTER TABLE approval
  DROP CONSTRAINT approval_state_check,
  ADD FOREIGN KEY (state) REFERENCES approval_state (name);
ALTER TABLE switch
  DROP CONSTRAINT switch_scope_check,
  DROP CONSTRAINT switch_mode_check,
  ADD FOREIGN KEY (scope) REFERENCES switch_scope (name),
  ADD FOREIGN KEY (mode) REFERENCES switch_mode (name);
ALTER TABLE chat
  DROP CONSTRAINT chat_kind_check,
  DROP CONSTRAINT chat_purpose_check,
  ADD FOREIGN KEY (kind) REFERENCES chat_kind (name),
  ADD FOREIGN KEY (purpose) REFERENCES chat_purpose (name);
ALTER TABLE topic
  DROP CONSTRAINT topic_purpose_check,
  DROP CONSTRAINT topic_state_check,
  ADD FOREIGN KEY (purpose) REFERENCES topic_purpose (name),
  ADD FOREIGN KEY (state) REFERENCES topic_state (name);
ALTER TABLE media_set
  DROP CONSTRAINT media_set_operation_check,
  DROP CONSTRAINT media_set_state_check,
  ADD FOREIGN KEY (operation) REFERENCES media_operation (name),
  ADD FOREIGN KEY (state) REFERENCES media_set_state (name);
ALTER TABLE media_item
  DROP CONSTRAINT media_item_state_check,
  ADD FOREIGN KEY (state) REFERENCES media_item_state (name);
ALTER TABLE form
  DROP CONSTRAINT form_state_check,
  DROP CONSTRAINT form_expects_check,
  ADD FOREIGN KEY (state) REFERENCES form_state (name),
  ADD FOREIGN KEY (expects) REFERENCES form_expectation (name);
ALTER TABLE form_item
  DROP CONSTRAINT form_item_state_check,
  ADD FOREIGN KEY (state) REFERENCES form_item_state (name);
ALTER TABLE subscription
  DROP CONSTRAINT subscription_mode_check,
  ADD FOREIGN KEY (mode) REFERENCES subscription_mode (name);
ALTER TABLE task
  DROP CONSTRAINT task_status_check,
  ADD FOREIGN KEY (status) REFERENCES task_status (name);
