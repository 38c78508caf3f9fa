/** Who is connected, as GitLab asks for it (chapter 06 §7.1 and §11.2). */
@org.jspecify.annotations.NullMarked
package org.openkas.agenttracker;
