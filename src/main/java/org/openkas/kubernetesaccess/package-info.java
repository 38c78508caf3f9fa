/** Who may reach which cluster, and as whom: credentials become an agent and an identity (chapter 03 §6 to §8). */
@org.jspecify.annotations.NullMarked
package org.openkas.kubernetesaccess;
