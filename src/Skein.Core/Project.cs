namespace Skein.Core;

/// <summary>What a folder is a part of, wherever that is moved or cloned to.</summary>
/// <param name="Root"><c>git:</c> and a repository's first commit, or <c>id:</c> and what a file of the folder says.</param>
/// <param name="Path">From the top of it, with <c>/</c>; empty: the top itself.</param>
public sealed record Project(string Root, string Path);
