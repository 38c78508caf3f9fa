/** Start-up and shutdown order: puts the rooms together and connects them to Open Liberty. */
@org.jspecify.annotations.NullMarked
package org.openkas.app;
