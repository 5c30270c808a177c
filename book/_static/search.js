// A page that was opened as a file may not read others: what is found is listed by its title alone.
"use strict";

if (location.protocol === "file:") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
