using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Skein.Bench;

/// <summary>The published program at a terminal of its own (util-linux's <c>script</c>), as a person has it.</summary>
internal sealed class Terminal : IDisposable
{
    private readonly Process _script;
    private readonly string _pidFile = Path.GetTempFileName();
    private readonly StringBuilder _shown = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    public Terminal(PublishedProgram program, string arguments)
    {
        var start = new ProcessStartInfo("script", ["-qefc", $"stty cols 100 rows 30; echo $$ > '{_pidFile}'; exec '{PublishedProgram.Executable}' {arguments}", "/dev/null"])
        {
            WorkingDirectory = program.Workspace,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["SKEIN_HOME"] = program.Home;
        start.Environment["TERM"] = "xterm-256color";
        foreach (var (name, value) in program.Environment)
            start.Environment[name] = value;
        _script = Process.Start(start)!;
    }

    public void Type(string keys)
    {
        _shown.Clear();
        _script.StandardInput.Write(keys);
        _script.StandardInput.Flush();
    }

    /// <summary>Reads on until a text was shown since the last keys.</summary>
    /// <param name="again">Once more, whatever was shown before.</param>
    public void See(string text, bool again = false)
    {
        if (again)
            _shown.Clear();
        while (!_shown.ToString().Contains(text, StringComparison.Ordinal))
        {
            var read = _script.StandardOutput.BaseStream.Read(_buffer);
            if (read == 0)
                throw new InvalidOperationException($"The program ended before it showed '{text}': {_shown}");
            _shown.Append(Encoding.UTF8.GetString(_buffer, 0, read));
        }
    }

    /// <summary>CPU seconds of the program so far.</summary>
    public double Cpu()
    {
        var fields = File.ReadAllText($"/proc/{File.ReadAllText(_pidFile).Trim()}/stat").Split(") ")[1].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / 100;
    }

    public void Dispose()
    {
        _script.Kill(entireProcessTree: true);
        _script.WaitForExit();
        _script.Dispose();
        File.Delete(_pidFile);
    }
}
