/** The port to Git: resolving refs, reading files, walking paths; and the shared pollers on top of it (chapter 02 §5). */
@org.jspecify.annotations.NullMarked
package org.openkas.repository;
