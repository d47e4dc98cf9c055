-- An employee's own groups: topics of their clients, topics of their tasks.
ALTER TABLE chat DROP CONSTRAINT chat_purpose_check;
ALTER TABLE chat
  ADD COLUMN employee_id uuid REFERENCES employee (id),
  ADD CONSTRAINT chat_purpose_check
    CHECK (purpose IN ('branch_forum', 'archive', 'hq', 'leaders', 'sales', 'marketing', 'personal', 'tasks')),
  ADD CONSTRAINT chat_employee_check CHECK ((coalesce(purpose, '') IN ('personal', 'tasks')) = (employee_id IS NOT NULL));
DROP INDEX chat_of_company;
CREATE UNIQUE INDEX chat_of_company ON chat (purpose) WHERE purpose NOT IN ('branch_forum', 'personal', 'tasks');
CREATE UNIQUE INDEX chat_of_employee ON chat (employee_id, purpose);

-- Something that somebody is to do. It comes from a form.
CREATE TABLE task (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  title text NOT NULL,
  status text NOT NULL DEFAULT 'todo' CHECK (status IN ('todo', 'done')),
  creator_employee_id uuid NOT NULL REFERENCES employee (id),
  assignee_employee_id uuid NOT NULL REFERENCES employee (id),
  branch_id uuid REFERENCES branch (id),
  due_on date,
  form_id uuid UNIQUE REFERENCES form (id),
  created_at timestamptz NOT NULL,
  done_at timestamptz,
  done_by_employee_id uuid REFERENCES employee (id),
  CHECK ((status = 'done') = (done_at IS NOT NULL))
);
CREATE INDEX task_open ON task (assignee_employee_id, due_on) WHERE status = 'todo';

-- Who is away, both days included, and who does their work meanwhile.
CREATE TABLE absence (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  employee_id uuid NOT NULL REFERENCES employee (id),
  substitute_employee_id uuid REFERENCES employee (id),
  first_on date NOT NULL,
  last_on date NOT NULL,
  form_id uuid UNIQUE REFERENCES form (id),
  noted_at timestamptz NOT NULL,
  cancelled_at timestamptz,
  CHECK (first_on <= last_on),
  CHECK (substitute_employee_id <> employee_id)
);
CREATE INDEX absence_of ON absence (employee_id, last_on) WHERE cancelled_at IS NULL;

-- A topic is about a car, a client or a task. A client has one open topic, whoever answers for them; so has a task.
ALTER TABLE topic DROP CONSTRAINT topic_purpose_check;
ALTER TABLE topic
  ADD COLUMN client_id uuid REFERENCES client (id),
  ADD COLUMN task_id uuid REFERENCES task (id),
  ADD CONSTRAINT topic_purpose_check CHECK (purpose IN ('branch_forum', 'archive', 'hq', 'personal', 'tasks')),
  ADD CONSTRAINT topic_subject_check CHECK (num_nonnulls(car_id, client_id, task_id) <= 1);
CREATE UNIQUE INDEX topic_of_client ON topic (client_id) WHERE state IN ('making', 'open');
CREATE UNIQUE INDEX topic_of_task ON topic (task_id) WHERE state IN ('making', 'open');
