/** Modules of agents reach their part of GitLab's API: GitlabAccess of the agents' API (chapter 01 §5.6). */
@org.jspecify.annotations.NullMarked
package org.openkas.gitlabaccess;
