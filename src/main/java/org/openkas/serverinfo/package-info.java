/** What this server says of itself to GitLab (chapter 06 §11.3, chapter 07 §5.6). */
@org.jspecify.annotations.NullMarked
package org.openkas.serverinfo;
