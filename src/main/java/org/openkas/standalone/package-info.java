/** The server without GitLab: agents and their repositories come from a file. */
@org.jspecify.annotations.NullMarked
package org.openkas.standalone;
