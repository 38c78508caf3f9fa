/** Puts the rooms together: start and end of the application, and its edges to CDI and MicroProfile. */
@org.jspecify.annotations.NullMarked
package org.openkas.app;
