-- A form, or a check-list, that is being filled in: an interaction that is stored, its message only shows it. `holder`: who fills it in now;
-- `live`: what this person writes and sends in private goes here (one a person); `focus`: the item that was chosen, else the first open one;
-- `expects`: what the next words are.
CREATE TABLE form (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  template text NOT NULL,
  version integer NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'cancelled')),
  car_id uuid REFERENCES car (id),
  booking_id uuid REFERENCES booking (id),
  branch_id uuid REFERENCES branch (id),
  responsible_employee_id uuid NOT NULL REFERENCES employee (id),
  holder_employee_id uuid NOT NULL REFERENCES employee (id),
  live boolean NOT NULL DEFAULT true,
  focus text,
  expects text NOT NULL DEFAULT 'answer' CHECK (expects IN ('answer', 'waive')),
  deadline_at timestamptz,
  started_at timestamptz NOT NULL,
  touched_at timestamptz NOT NULL,
  finished_at timestamptz,
  finished_by_employee_id uuid REFERENCES employee (id),
  shown_effect_id uuid REFERENCES effect (id),
  CHECK ((state = 'open') = (finished_at IS NULL))
);
CREATE UNIQUE INDEX form_live ON form (holder_employee_id) WHERE live AND state = 'open';
CREATE UNIQUE INDEX form_of_booking ON form (template, booking_id) WHERE state = 'open' AND booking_id IS NOT NULL;
CREATE UNIQUE INDEX form_of_car ON form (template, car_id) WHERE state = 'open' AND booking_id IS NULL AND car_id IS NOT NULL;
CREATE INDEX form_car ON form (car_id, started_at DESC);

-- One item of a form. Its value stands in the column of its kind: `choice` the key of an option (or a colleague's id), `hundredths` of a number, `day`, `words`.
-- `reason`: why it was rejected or waived, or is asked to be waived (`asked_by`).
CREATE TABLE form_item (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  form_id uuid NOT NULL REFERENCES form (id),
  key text NOT NULL,
  ordinal integer NOT NULL,
  state text NOT NULL DEFAULT 'missing' CHECK (state IN ('missing', 'received', 'rejected', 'waived')),
  choice text,
  hundredths bigint,
  day date,
  words text,
  reason text,
  by_employee_id uuid REFERENCES employee (id),
  asked_by_employee_id uuid REFERENCES employee (id),
  at timestamptz,
  UNIQUE (form_id, key),
  CHECK (state NOT IN ('rejected', 'waived') OR reason IS NOT NULL),
  CHECK (state <> 'waived' OR by_employee_id IS NOT NULL)
);

-- A file that was sent for an item; `ordinal` is the view that it shows, from 1 (null: one more than was asked for). `dropped_at`: retaken.
CREATE TABLE form_photo (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  item_id uuid NOT NULL REFERENCES form_item (id),
  media_item_id uuid NOT NULL UNIQUE REFERENCES media_item (id),
  ordinal integer,
  album text,
  added_at timestamptz NOT NULL,
  dropped_at timestamptz
);
CREATE UNIQUE INDEX form_photo_view ON form_photo (item_id, ordinal) WHERE dropped_at IS NULL;

-- What was sent for a form belongs to it. `private`: papers of a client; stored, never published.
ALTER TABLE media_set
  ADD COLUMN form_id uuid REFERENCES form (id),
  ADD COLUMN private boolean NOT NULL DEFAULT false;
CREATE INDEX media_set_form ON media_set (form_id) WHERE form_id IS NOT NULL;
