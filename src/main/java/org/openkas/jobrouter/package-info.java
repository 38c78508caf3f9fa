/** Jobs for GitLab Runner, which asks here instead of at GitLab (chapter 07 §9.2). */
@org.jspecify.annotations.NullMarked
package org.openkas.jobrouter;
