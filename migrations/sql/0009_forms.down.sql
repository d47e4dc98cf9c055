ALTER TABLE media_set DROP COLUMN form_id, DROP COLUMN private;
DROP TABLE form_photo, form_item, form;
