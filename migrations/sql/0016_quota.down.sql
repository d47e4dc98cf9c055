DROP FUNCTION quota_take(text[], integer[], interval[], text, interval, interval, boolean);
