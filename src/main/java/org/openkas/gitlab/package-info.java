/** GitLab's HTTP API as the server uses it (chapter 02 §2 to §4). */
@org.jspecify.annotations.NullMarked
package org.openkas.gitlab;
