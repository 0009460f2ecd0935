// A seed's learning curve, drawn where it is asked for.
"use strict";
