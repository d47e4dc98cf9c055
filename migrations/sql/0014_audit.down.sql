-- Back to the audit of 2026-12-05. Checkpoints in storage stay; entries that were added meanwhile stay in their chains.
DROP FUNCTION audit_erase(uuid, uuid, text, bytea, text);
CREATE FUNCTION audit_erase(p_entry uuid, p_actor uuid, p_salt bytea, p_body text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  DELETE FROM audit_payload WHERE audit_entry_id = p_entry;
  PERFORM audit_append(NULL, 'audit.erase', p_actor, p_entry::text, NULL, NULL, NULL, p_salt, p_body);
END $$;
REVOKE ALL ON FUNCTION audit_erase FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_erase TO jarvis_app;

DROP INDEX audit_entry_checkpoint;
ALTER TABLE audit_head DROP CONSTRAINT audit_head_shard;
DROP TABLE audit_database;
