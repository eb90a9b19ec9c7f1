export const Page = ({ name }: { name: string }) => <h1>Hello {name}</h1>;
