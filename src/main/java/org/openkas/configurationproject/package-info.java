/** Tells GitLab which agents a project configures (chapter 06 §7.2). */
@org.jspecify.annotations.NullMarked
package org.openkas.configurationproject;
