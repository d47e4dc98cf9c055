-- What a chat is for; null for chats that only happen to be there. One forum a branch.
ALTER TABLE chat
  ADD COLUMN purpose text CHECK (purpose IN ('branch_forum')),
  ADD COLUMN branch_id uuid REFERENCES branch (id),
  ADD CHECK (purpose IS NULL OR branch_id IS NOT NULL);
CREATE UNIQUE INDEX chat_branch_forum ON chat (branch_id) WHERE purpose = 'branch_forum';

-- A topic of a forum. `number` is Telegram's, known once it was made. `gone`: deleted there.
CREATE TABLE topic (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  chat_id uuid NOT NULL REFERENCES chat (id),
  car_id uuid REFERENCES car (id),
  title text NOT NULL,
  number bigint,
  state text NOT NULL CHECK (state IN ('making', 'open', 'closed', 'gone')),
  made_effect_id uuid REFERENCES effect (id),
  opening_effect_id uuid REFERENCES effect (id),
  opening_digest text,
  opening_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (state IN ('making', 'gone') OR number IS NOT NULL)
);
-- An active car has one open topic in one forum, whatever happens.
CREATE UNIQUE INDEX topic_of_car ON topic (car_id) WHERE state IN ('making', 'open');
CREATE UNIQUE INDEX topic_number ON topic (chat_id, number);
