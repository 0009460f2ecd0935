// Tables that sort and filter.
"use strict";
