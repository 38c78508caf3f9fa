/** Counters that features raise, and that are reported to GitLab. */
@org.jspecify.annotations.NullMarked
package org.openkas.usage;
