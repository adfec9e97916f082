namespace Skein.Sandbox;

/// <summary>What must hold before a child is started, said in words: the system would answer «no such file» to most of it.</summary>
internal static class ChildStartCheck
{
    /// <returns>The absolute path of the program's file.</returns>
    /// <exception cref="ChildStartException">It cannot be started.</exception>
    public static string FindProgram(ChildStart start)
    {
        var program = start.Program;
        if (start.Detached && (start.Input is not ChildInput.NoInput || start.Output is not ChildOutput.FileOutput))
            throw new ArgumentException($"'{program}' is to be detached: its input must be nothing and its output a file.", nameof(start));

        foreach (var text in start.Arguments.Prepend(program).Append(start.Folder))
        {
            if (text.Contains('\0'))
                throw Refused("no argument and no path may contain U+0000");
        }

        foreach (var (name, value) in start.Environment)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAny('=', '\0') || value.Contains('\0'))
                throw Refused($"the name of the environment variable '{name}' must not be empty or contain '=', nor it or its value U+0000");
        }

        if (!Path.IsPathFullyQualified(start.Folder) || !Directory.Exists(start.Folder))
            throw Refused($"its working folder '{start.Folder}' must be an absolute path of a folder that exists");

        if (start.Output is ChildOutput.FileOutput { Path: var log } && (!Path.IsPathFullyQualified(log) || !Directory.Exists(Path.GetDirectoryName(log))))
            throw Refused($"its output '{log}' must be an absolute path in a folder that exists");

        return ProgramPath.Find(program, start.Folder, start.Environment) ?? throw Refused(program.Contains('/')
            ? $"there is no such program in '{start.Folder}', or it is not executable"
            : $"there is no such program in PATH ({start.Environment.GetValueOrDefault("PATH", "which is not set")})");

        ChildStartException Refused(string why) => new(program, $"'{program}' could not be started: {why}.");
    }
}
