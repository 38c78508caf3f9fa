/** Any Git repository as a source of configuration: a local path, or a URL that JGit can fetch. */
@org.jspecify.annotations.NullMarked
package org.openkas.jgit;
