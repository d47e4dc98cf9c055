-- What a day's model calls of an account may cost. An account is `employee:<id>` or `house`.
CREATE TABLE budget (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  account text NOT NULL,
  day date NOT NULL,
  calls integer NOT NULL DEFAULT 0,
  cost_micro_usd bigint NOT NULL DEFAULT 0,
  busy_ms bigint NOT NULL DEFAULT 0,
  UNIQUE (account, day)
);

-- Reserve one call in every account or in none. Returns null, or the account and what of it is used up ('house:calls').
-- Accounts come in one order everywhere (narrow to wide), so that reservations do not lock each other out.
CREATE FUNCTION budget_reserve(
  p_day date, p_accounts text[], p_max_calls integer[], p_max_cost bigint[], p_max_ms bigint[], p_cost bigint, p_ms bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_row budget;
BEGIN
  FOR i IN 1..cardinality(p_accounts) LOOP
    INSERT INTO budget (account, day) VALUES (p_accounts[i], p_day) ON CONFLICT (account, day) DO NOTHING;
    SELECT * INTO v_row FROM budget b WHERE b.account = p_accounts[i] AND b.day = p_day FOR UPDATE;
    IF v_row.calls + 1 > p_max_calls[i] THEN RETURN p_accounts[i] || ':calls'; END IF;
    IF v_row.cost_micro_usd + p_cost > p_max_cost[i] THEN RETURN p_accounts[i] || ':cost'; END IF;
    IF v_row.busy_ms + p_ms > p_max_ms[i] THEN RETURN p_accounts[i] || ':time'; END IF;
  END LOOP;
  UPDATE budget b SET calls = b.calls + 1, cost_micro_usd = b.cost_micro_usd + p_cost, busy_ms = b.busy_ms + p_ms
   WHERE b.account = ANY (p_accounts) AND b.day = p_day;
  RETURN NULL;
END $$;

-- Replace what was reserved by what was used; a call whose process died keeps its reservation.
CREATE FUNCTION budget_settle(p_day date, p_accounts text[], p_cost bigint, p_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..cardinality(p_accounts) LOOP
    UPDATE budget b SET cost_micro_usd = greatest(0, b.cost_micro_usd + p_cost), busy_ms = greatest(0, b.busy_ms + p_ms)
     WHERE b.account = p_accounts[i] AND b.day = p_day;
  END LOOP;
END $$;

-- A run costs fractions of a cent.
ALTER TABLE agent_run DROP COLUMN cost_minor, DROP COLUMN currency, ADD COLUMN cost_micro_usd bigint NOT NULL DEFAULT 0;

ALTER TABLE approval_history DROP COLUMN resumed_at;

-- Who changed a thing is read from the audit by the target of the effects.
CREATE INDEX effect_target ON effect (target) WHERE system <> 'telegram';
