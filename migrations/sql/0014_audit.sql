-- Removes: the unsigned audit_erase, which a signed one replaces.

-- Which database this is: a checkpoint of the audit in storage names the database that it is of. Emptied and filled anew, a
-- database is another one.
CREATE TABLE audit_database (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  began_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX audit_database_one ON audit_database ((true));
INSERT INTO audit_database DEFAULT VALUES;

-- There are sixty-four chains and no more: an append takes any head that it finds.
ALTER TABLE audit_head ADD CONSTRAINT audit_head_shard CHECK (shard BETWEEN 0 AND 63);

-- The newest checkpoint that the audit itself knows of.
CREATE INDEX audit_entry_checkpoint ON audit_entry (at) WHERE action = 'audit.checkpoint';

-- An erasure is signed with a key that is not in the database, else whoever deletes words could write down an erasure as well.
-- Returns false, and changes nothing, where there are no words.
DROP FUNCTION audit_erase(uuid, uuid, bytea, text);
CREATE FUNCTION audit_erase(p_entry uuid, p_actor uuid, p_signature text, p_salt bytea, p_body text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  DELETE FROM audit_payload WHERE audit_entry_id = p_entry;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM audit_append(NULL, 'audit.erase', p_actor, p_entry || ' ' || p_signature, NULL, NULL, NULL, p_salt, p_body);
  RETURN true;
END $$;

REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_database FROM jarvis_app;
REVOKE ALL ON FUNCTION audit_erase FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_erase TO jarvis_app;
