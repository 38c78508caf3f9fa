/** A world to try the server in: one agent, one repository, one demo agent. Talks to the server only as any agent would. */
@org.jspecify.annotations.NullMarked
package org.openkas.demo;
