namespace Skein.Tests.Server;

/// <summary>A home of a test's own, gone with the test. Its path is short enough for a socket.</summary>
internal sealed class TestHome : IDisposable
{
    public TestHome() => Path = Directory.CreateTempSubdirectory("skein-t").FullName;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
