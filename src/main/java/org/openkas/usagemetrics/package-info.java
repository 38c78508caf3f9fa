/** GitLab hears how much was used (chapter 02 §6). */
@org.jspecify.annotations.NullMarked
package org.openkas.usagemetrics;
