DROP INDEX effect_root;
DROP FUNCTION window_take(text[], integer[], interval, integer);
DROP TABLE rate_window, post, media_item, media_set;
DROP INDEX media_sha256;
ALTER TABLE media
  DROP COLUMN width, DROP COLUMN height, DROP COLUMN exif, DROP COLUMN clean_key, DROP COLUMN thumb_key;
