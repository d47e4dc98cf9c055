-- Service chats: plain groups of the company for news without personal data.
ALTER TABLE chat DROP CONSTRAINT chat_purpose_check;
ALTER TABLE chat ADD CONSTRAINT chat_purpose_check
  CHECK (purpose IN ('branch_forum', 'archive', 'hq', 'leaders', 'sales', 'marketing'));
DROP INDEX chat_of_company;
CREATE UNIQUE INDEX chat_of_company ON chat (purpose) WHERE purpose <> 'branch_forum';

-- What a chat gets of a class of events: of one branch, or (null) of every branch that has no row of its own.
CREATE TABLE subscription (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  chat_id uuid NOT NULL REFERENCES chat (id),
  event_class text NOT NULL,
  branch_id uuid REFERENCES branch (id),
  mode text NOT NULL CHECK (mode IN ('instant', 'digest', 'off')),
  set_by_employee_id uuid REFERENCES employee (id),
  set_at timestamptz NOT NULL,
  UNIQUE NULLS NOT DISTINCT (chat_id, event_class, branch_id)
);

-- A line that waits for the digest of its chat.
CREATE TABLE digest_line (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  chat_id uuid NOT NULL REFERENCES chat (id),
  event_class text NOT NULL,
  event_id uuid NOT NULL REFERENCES event (id),
  line text NOT NULL,
  noted_at timestamptz NOT NULL,
  sent_effect_id uuid REFERENCES effect (id),
  UNIQUE (chat_id, event_id, event_class)
);
CREATE INDEX digest_line_waits ON digest_line (chat_id, noted_at) WHERE sent_effect_id IS NULL;
