/** Agents up to 16.11 get manifests from Git: Gitops of the agents' API (chapter 01 §5.5). */
@org.jspecify.annotations.NullMarked
package org.openkas.gitops;
