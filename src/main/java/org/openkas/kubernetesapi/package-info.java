/** The Kubernetes API listener: HTTP for kubectl, CI jobs and browsers, carried to agents (chapter 03). */
@org.jspecify.annotations.NullMarked
package org.openkas.kubernetesapi;
