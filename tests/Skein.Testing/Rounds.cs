namespace Skein.Testing;

/// <summary>
/// How much of a large space a test tries. Where everything is required (<see cref="Requires.RequireAllVariable"/>, as <c>.ci/run</c> sets it) all of it;
/// else a fifth, so that the inner loop stays one.
/// </summary>
public static class Rounds
{
    private const int Share = 5;

    /// <summary>Between two that are tried, of what is numbered.</summary>
    public static int Step { get; } = Environment.GetEnvironmentVariable(Requires.RequireAllVariable) == "1" ? 1 : Share;

    public static int Of(int all) => (all + Step - 1) / Step;
}
