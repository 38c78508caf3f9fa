/** What GitLab tells the server (chapter 06 §7.3). */
@org.jspecify.annotations.NullMarked
package org.openkas.notifications;
