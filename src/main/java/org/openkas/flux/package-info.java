/** Agents hear of pushes to projects that Flux watches: GitLabFlux of the agents' API (chapter 01 §5.10). */
@org.jspecify.annotations.NullMarked
package org.openkas.flux;
