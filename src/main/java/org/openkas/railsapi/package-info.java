/** The gRPC listener that GitLab calls (chapter 06). */
@org.jspecify.annotations.NullMarked
package org.openkas.railsapi;
